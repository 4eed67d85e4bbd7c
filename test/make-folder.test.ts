import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeFolder } from '../src/make-folder.js'

t.test('it is made with those above it, and may be there already', async (t) => {
  const folder = join(t.testdir(), 'a', 'b')
  makeFolder(folder, 0o700)
  t.equal(statSync(folder).mode & 0o777, 0o700)
  t.equal(statSync(join(folder, '..')).mode & 0o777, 0o700)
  makeFolder(folder)
})

t.test('a file in the way is the error of the system', async (t) => {
  const file = join(t.testdir(), 'file')
  writeFileSync(file, '')
  t.throws(() => makeFolder(file), { code: 'EEXIST', path: file })
  t.throws(() => makeFolder(join(file, 'below')), { code: 'ENOTDIR' })
})

t.test(
  'below a folder that takes none it is refused, and does not go on for ever',
  {
    skip: existsSync('/proc/self') ? false : 'there is no /proc here',
  },
  async (t) => {
    t.throws(() => makeFolder('/proc/nothing/below'), { code: 'ENOENT' })
  },
)
