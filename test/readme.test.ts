/** The README and the pages in docs say what is: their tables are those of the code and the tests. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { tables, withTables } from './fixtures/readme-tables.js'

t.test('the tables of the pages are current (node build/test/fixtures/write-readme.js writes them)', async (t) => {
  for (const file of Object.keys(tables)) {
    const page = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
    t.equal(page, withTables(file, page), file)
  }
})
