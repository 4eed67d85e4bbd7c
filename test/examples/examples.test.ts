/** The examples for tests of other people run as they stand: node:test here, pytest where it is installed. Vitest and Jest run those of theirs in test/pack. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { main } from '../cli/command.js'
import { findInterpreter } from '../conformance/foreign-program.js'

t.setTimeout(900_000)

const root = fileURLToPath(new URL('../../../', import.meta.url))
const examples = `${root}examples/`

/** Settings of whoever runs the tests stay out; a run of node:test must not take itself for a part of another one. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(?:RMS_|TAP|NODE_TEST|NODE_OPTIONS)/.test(name)),
)

const start = promisify(execFile)

t.test('node:test: three files side by side, each with an installation of its own', async (t) => {
  const files = filesOf('node-test').map((name) => `${examples}node-test/${name}`)
  const { stdout } = await start(process.execPath, ['--test', '--test-reporter=tap', ...files], {
    cwd: root,
    env: environment,
  })
  t.match(stdout, /# pass 7\n# fail 0/)
})

const python = await findInterpreter(['/usr/bin/python3', 'python3'], ['-c', 'import pytest'])
const skip = python === undefined && 'pytest is not installed: apt-get install python3-pytest'
t.test('pytest: over HTTP, each file with an installation of its own', { skip }, async (t) => {
  const { stdout } = await start(python ?? '', ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', `${examples}pytest`], {
    cwd: root,
    env: { ...environment, EMULATOR: `"${process.execPath}" "${main}"`, PYTHONDONTWRITEBYTECODE: '1' },
  })
  t.match(stdout, /7 passed/)
})

t.test('those of Vitest and Jest are the same tests, with the imports of their own', async (t) => {
  for (const runner of ['vitest', 'jest']) {
    t.same(filesOf(runner), filesOf('node-test'))
    for (const name of filesOf(runner)) t.equal(testsIn(`${runner}/${name}`), testsIn(`node-test/${name}`), name)
  }
})

function filesOf(runner: string): readonly string[] {
  return readdirSync(`${examples}${runner}`)
    .filter((name) => name.endsWith('.test.mjs'))
    .toSorted()
}

/** What comes behind the imports of the runner. */
function testsIn(path: string): string {
  const text = readFileSync(`${examples}${path}`, 'utf8')
  return text
    .slice(text.indexOf('import { connect, readyMachine'))
    .replaceAll('beforeAll(', 'before(')
    .replaceAll('afterAll(', 'after(')
}
