import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import t from 'tap'
import { addOptions, loadCommand } from '../../src/config/commander-options.js'
import { processEnvironment } from '../../src/config/environment.js'
import type { CommandName } from '../../src/config/options.js'

interface Told {
  readonly command: Command
  readonly output: string[]
}

function newCommand(name: CommandName): Told {
  const output: string[] = []
  const write = (text: string): void => void output.push(text)
  const command = new Command(name).exitOverride().configureOutput({ writeOut: write, writeErr: write })
  if (name === 'explain') command.argument('<file>')
  return { command: addOptions(command, name), output }
}

function run<Name extends CommandName>(name: Name, args: readonly string[], environment = {}) {
  return loadCommand(newCommand(name).command.parse(args, { from: 'user' }), name, environment)
}

t.test('flags reach the settings through commander with their types', async (t) => {
  const { settings } = run('up', [
    '--root',
    '1',
    '--admit',
    'server=CONTOSO\\a',
    '--admit=license=ANONYMOUS',
    '--crypto-mode=1',
    '--json',
  ])
  t.match(settings, { root: 1, cryptoMode: 1, json: true, port: undefined })
  t.same(settings.admit, [
    { key: 'server', value: 'CONTOSO\\a' },
    { key: 'license', value: 'ANONYMOUS' },
  ])
  t.equal(run('explain', ['a.xrml', '--json']).settings.json, true)
})

t.test('a flag that was not given does not hide the environment', async (t) => {
  t.match(run('up', [], { RMS_PORT: '5', RMS_JSON: 'true' }).settings, { port: 5, json: true })
  t.match(run('up', ['--port', '6'], { RMS_PORT: '5' }).settings, { port: 6 })
})

t.test('--no-licensing is a setting of its own', async (t) => {
  t.equal(run('up', []).settings.noLicensing, false)
  t.equal(run('up', ['--no-licensing']).settings.noLicensing, true)
})

t.test('the file of a secret has a flag of its own', async (t) => {
  const file = join(t.testdir({ key: 'open sesame\n' }), 'key')
  t.equal(run('node', ['--key-password-file', file]).settings.keyPassword, 'open sesame')
})

t.test('bad values pass commander and are judged by the table', async (t) => {
  t.throws(() => run('up', ['--root', '0']), {
    name: 'SettingsError',
    message: /--root is "0"; it must be a whole number from 1 to 64$/,
  })
})

t.test('a mistyped flag is refused with the nearest one', async (t) => {
  const { command, output } = newCommand('up')
  t.throws(() => command.parse(['--prot', '1'], { from: 'user' }), CommanderError)
  t.match(output.join(''), /unknown option '--prot'[^]*Did you mean --port\?/)
})

t.test('--help shows the columns of the table once', async (t) => {
  const { command, output } = newCommand('up')
  t.throws(() => command.parse(['--help'], { from: 'user' }), CommanderError)
  const help = output.join('')
  t.match(help, /^Usage: up/)
  t.match(help, /-h, --help/)
  t.equal(help.split('--manage-port').length, 2)
  t.match(help, /RMS_MANAGE_PORT/)
})

t.test('a config file is read from disk', async (t) => {
  const file = join(t.testdir({ 'lab.json': '{"port": 7777, "log-level": "debug"}' }), 'lab.json')
  t.match(run('up', ['--config', file]).settings, { port: 7777, logLevel: 'debug' })
})

t.test('the environment of the process can be asked for', async (t) => {
  t.type(processEnvironment()['PATH'], 'string')
})
