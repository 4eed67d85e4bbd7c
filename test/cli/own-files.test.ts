/** What this account keeps from one process to the next, beside that of others: temporary folders, the token in one, compiled code. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { compiledCodeFolder } from '../../src/cli/compiled-code.js'
import { findToken, keptAddresses, placeOf, tokenFileName } from '../../src/cli/management-token.js'
import { makeTemporaryFolder } from '../../src/installation/temporary-folder.js'

/** A folder for temporary files, until the end of the test. */
function temporaryFiles(t: Test): string {
  const before = process.env['TMPDIR']
  t.teardown(() => {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  })
  return (process.env['TMPDIR'] = t.testdir())
}

function folderIn(temporary: string, name: string, mode = 0o700): string {
  const path = join(temporary, name)
  mkdirSync(path)
  chmodSync(path, mode)
  return path
}

function keep(folder: string, token: string, manage: string): void {
  writeFileSync(join(folder, tokenFileName), JSON.stringify({ token, place: placeOf(manage) }))
}

t.test('of the folders that killed processes left behind, those alone go that are nobody else’s', async (t) => {
  const temporary = temporaryFiles(t)
  const withLock = (name: string, mode?: number): string => {
    const folder = folderIn(temporary, name, mode)
    writeFileSync(join(folder, 'owner.lock'), '')
    return folder
  }
  const forsaken = withLock('rms-emulator-forsaken')
  const open = withLock('rms-emulator-open', 0o777)
  const victim = withLock('victim')
  symlinkSync(victim, join(temporary, 'rms-emulator-link'))
  const elsewhere = folderIn(temporary, 'rms-emulator-lock-elsewhere')
  symlinkSync(join(victim, 'owner.lock'), join(elsewhere, 'owner.lock'))
  const own = makeTemporaryFolder()
  t.notOk(existsSync(forsaken), 'forsaken')
  for (const path of [open, join(victim, 'owner.lock'), join(temporary, 'rms-emulator-link'), elsewhere])
    t.ok(existsSync(path), path)
  own.remove()
})

t.test('the token of an installation that listens at all addresses goes to this machine alone', async (t) => {
  keep(folderIn(temporaryFiles(t), 'rms-emulator-a'), 'the token', 'http://0.0.0.0:7099')
  for (const host of ['127.0.0.1', '127.0.0.2', 'localhost', '[::1]', '0.0.0.0', hostname()])
    t.equal(findToken(`http://${host}:7099`), 'the token', host)
  for (const host of ['evil.example', '127.0.0.1.evil.example', '192.0.2.7'])
    t.equal(findToken(`http://${host}:7099`), undefined, host)
  t.equal(findToken('http://127.0.0.1:7098'), undefined, 'another port')
})

t.test('what another account can put among temporary files is no token, and holds nobody up', async (t) => {
  const temporary = temporaryFiles(t)
  keep(folderIn(temporary, 'rms-emulator-open', 0o755), 'of a folder that others see', 'http://127.0.0.1:7099')
  const pipe = join(folderIn(temporary, 'rms-emulator-pipe'), tokenFileName)
  execFileSync('mkfifo', [pipe])
  const long = folderIn(temporary, 'rms-emulator-long')
  keep(long, 'x'.repeat(100_000), 'http://127.0.0.1:7099')
  t.same([findToken('http://127.0.0.1:7099'), keptAddresses()], [undefined, []])
  keep(folderIn(temporary, 'rms-emulator-own'), 'ours', 'http://127.0.0.1:7099')
  t.equal(findToken('http://127.0.0.1:7099'), 'ours')
})

t.test('without a folder for temporary files there is no token', async (t) => {
  process.env['TMPDIR'] = join(temporaryFiles(t), 'nowhere')
  t.same([findToken('http://127.0.0.1:7080'), keptAddresses()], [undefined, []])
})

t.test('compiled code is kept below an absolute path, or nowhere', async (t) => {
  const home = (): string => '/home/alice'
  const homeless = (): string => {
    throw new Error('ENOENT: no such file or directory, uv_os_homedir')
  }
  t.equal(compiledCodeFolder({ XDG_CACHE_HOME: '/caches' }, homeless), '/caches/rms-emulator')
  for (const cache of [undefined, '', '.cache'])
    t.equal(compiledCodeFolder({ XDG_CACHE_HOME: cache }, home), '/home/alice/.cache/rms-emulator', `'${cache}'`)
  t.equal(compiledCodeFolder({}, homeless), undefined)
  t.equal(
    compiledCodeFolder({}, () => ''),
    undefined,
  )
})
