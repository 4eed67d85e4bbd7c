/** The package as others get it: what is in it, and that it works away from this folder. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { run } from '../cli/command.js'

const execute = promisify(execFile)
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }

// Outside of this folder, so that nothing is found by walking up.
const folder = await mkdtemp(join(tmpdir(), 'rms-emulator-pack-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const installed = join(folder, 'node_modules', 'rms-emulator')

const program = `
import { createRequire } from 'node:module'
import { connect, explain, labTrustRoot, startInstallation, type Explanation, type Installation, type OpenedFile } from 'rms-emulator'
import { connect as same, type RmsClient } from 'rms-emulator/client'

const lab: Installation = await startInstallation()
const user = (name: string): RmsClient => connect({ url: lab.url, user: \`\${name}@contoso.test\`, password: 'Passw0rd!' })
const bytes = Buffer.from('figures')
// Jest cannot load the pages of the API.
const loaded = (name: string): boolean => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes(name))
const pfile = await user('alice').protectFile(bytes, '.txt', { rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] })
const opened: OpenedFile = await user('bob').openFile(pfile)
const why: Explanation = explain(Buffer.from(opened.license.ul.document.text), { trustRoots: [labTrustRoot(2)], now: new Date() })
console.log(JSON.stringify([opened.plain.equals(bytes), opened.rights, why.documents[0]?.kind, connect === same, lab.ready.clusters.length, loaded('swagger')]))
await lab.close()
await lab.close()
`

t.before(async () => {
  // Without scripts: packing compiles, and the tests that run now stand on what is compiled.
  const { stdout } = await execute('npm', [
    'pack',
    '--json',
    '--ignore-scripts',
    '--offline',
    '--pack-destination',
    folder,
  ])
  const [packed] = JSON.parse(stdout) as { filename: string }[]
  mkdirSync(installed, { recursive: true })
  await execute('tar', ['-xzf', join(folder, packed?.filename ?? ''), '-C', installed, '--strip-components', '1'])
  // The dependencies, as an install would put them there; no network is needed.
  symlinkSync(resolve('node_modules'), join(installed, 'node_modules'))
  symlinkSync(resolve('node_modules/@types'), join(folder, 'node_modules', '@types'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
})

t.test('it holds the program, its types and the lab certificates, and no tests', async (t) => {
  const { stdout } = await execute('find', ['.', '-type', 'f', '-not', '-path', './node_modules/*'], { cwd: installed })
  const files = stdout.split('\n').map((path) => path.slice(2))
  for (const wanted of [
    'LICENSE',
    'package.json',
    'build/program/main.js',
    'build/program/LICENSES.txt',
    'build/src/index.d.ts',
    'build/src/client/index.d.ts',
  ])
    t.ok(files.includes(wanted), wanted)
  for (const wanted of [
    'certs/hierarchy/root-mode2.json',
    'certs/machines/alice-pc-mode1/key.pem',
    'schemas/seed-file.json',
  ])
    t.ok(files.includes(wanted), wanted)
  t.same(
    files.filter((path) => /(^|\/)(test|bench)\/|\.test\./.test(path)),
    [],
  )
  t.same(
    files.filter((path) => /\.(sqlite|env|tgz)$/.test(path)),
    [],
  )
})

t.test('its command runs from where it is installed', async (t) => {
  const bin = join(installed, 'build/program/main.js')
  const surroundings = { program: bin, cwd: folder }
  t.match(await run(['--version'], surroundings), { code: 0, stdout: `${version}\n` })
  t.match(await run(['demo', '--json'], surroundings), { code: 0, stdout: /"event":"done","ok":true/ })
})

t.test('a strict TypeScript program compiles against it and protects and opens a file', async (t) => {
  const compilerOptions = {
    strict: true,
    module: 'nodenext',
    target: 'es2022',
    types: ['node'],
    rootDir: '.',
    skipLibCheck: true,
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }))
  writeFileSync(join(folder, 'program.ts'), program)
  // In a bare environment: tap loads itself into every process, and the compiler does not start under it.
  const compiled = await execute('env', ['-i', process.execPath, resolve('node_modules/typescript/bin/tsc')], {
    cwd: folder,
  }).catch((error: { readonly stdout: string }) => error)
  t.match(compiled, { stdout: '', stderr: '' })
  const { stdout } = await execute(process.execPath, ['program.js'], { cwd: folder })
  t.same(JSON.parse(stdout), [true, ['VIEW'], 'UL', true, 1, false])
})

/** Where .ci/run installs Vitest and Jest: they are not of this package. */
const runners = resolve('build/runners')
for (const [runner, flags, options, passed] of [
  ['vitest', [], ['run', '--dir', 'vitest'], /Tests .*7 passed/],
  ['jest', ['--experimental-vm-modules'], ['--rootDir', 'jest', '--testMatch', '**/*.test.mjs'], /Tests: .*7 passed/],
] as const) {
  const program = join(runners, 'node_modules', runner, runner === 'jest' ? 'bin/jest.js' : 'vitest.mjs')
  const skip = !existsSync(program) && `${runner} is not installed: npm install --prefix build/runners ${runner}`
  t.test(`the examples run under ${runner} as tests of a project that installed it`, { skip }, async (t) => {
    for (const [from, to] of [
      [installed, join(runners, 'node_modules', 'rms-emulator')],
      [`examples/${runner}`, join(runners, runner)],
    ] as const) {
      await rm(to, { recursive: true, force: true })
      await cp(from, to, { recursive: true, verbatimSymlinks: true })
    }
    // Of a run of tap nothing may be seen: the runners take it for their own.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:RMS_|TAP|NODE_)/.test(name)))
    const { stdout, stderr } = await execute(process.execPath, [...flags, program, ...options], {
      cwd: runners,
      env: { ...env, NO_COLOR: '1', FORCE_COLOR: '0' },
    })
    t.match(stdout + stderr, passed)
  })
}
