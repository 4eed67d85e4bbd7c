/** The README says what is: its tables are those of the code and the tests. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { withTables } from './fixtures/readme-tables.js'

t.test('the tables of the README are current (node build/test/fixtures/write-readme.js writes them)', async (t) => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  t.equal(readme, withTables(readme))
})
