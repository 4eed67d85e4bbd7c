import t from 'tap'
import { otherSettings, type SettingShown } from '../../src/config/started-with.js'
import { commandHelp, optionsTable, settingsWithOrigins, wrapCommand } from '../../src/config/help.js'
import { loadSettings } from '../../src/config/load.js'
import { environmentName, optionNames, optionRow, optionsOf, type CommandName } from '../../src/config/options.js'
import { parseValue, showValue } from '../../src/config/parse-value.js'

t.test('every setting has a name, an environment variable, a help text and a command', async (t) => {
  for (const name of optionNames) {
    const row = optionRow(name)
    t.match(name, /^[a-z]+(-[a-z]+)*$/)
    t.match(environmentName(name), /^RMS_[A-Z]+(_[A-Z]+)*$/)
    t.match(row.help, /^\S.{8,}[^.\s]$/, `${name} has a help text without a full stop`)
    t.ok(
      row.commands.length > 0 && new Set(row.commands).size === row.commands.length,
      `${name} lists each command once`,
    )
    if (row.excludes !== undefined) t.ok(optionNames.some((other) => other === row.excludes))
  }
  t.equal(new Set(optionNames.map(environmentName)).size, optionNames.length)
})

t.test('every default is a value that the setting itself would accept', async (t) => {
  for (const name of optionNames) {
    const row = optionRow(name)
    if (row.default === undefined) continue
    const text = showValue(row.default)
    t.same(parseValue(row, text === '' ? [] : text.split(', ')), row.default, name)
  }
})

t.test('the help of a command has its settings by theme, with the default for it and the variable', async (t) => {
  const help = commandHelp('up', 80)
  const entries = help.split(/\n {2}(?=--)/).slice(1)
  const named = new Set(entries.map((entry) => entry.slice(2).split(/\s/)[0]))
  t.same(named, new Set<string | undefined>(optionsOf('up')))
  for (const name of optionsOf('up')) {
    const entry = entries.find((candidate) => candidate.startsWith(`--${name} `) || candidate.startsWith(`--${name}\n`))
    t.match(entry?.replace(/\s+/g, ' '), new RegExp(`\\[(?:default: .*; )?${environmentName(name)}\\]`), name)
  }
  t.match(help, /^Clusters and servers\n/)
  t.match(help, /\n\nAddresses and https\n/)
  t.notMatch(help, /Balancer/, 'themes without a setting of the command are left out')
  t.match(help, /--port N [^[]*\[default: 7000; RMS_PORT\]/)
  t.match(help, /--crypto-mode 1\|2 /)
  t.notMatch(commandHelp('status', 80), /--root/)
})

t.test('each command has its own defaults', async (t) => {
  const of = (command: CommandName, name: string): string =>
    new RegExp(`--${name} [^[]*\\[([^\\]]*)\\]`).exec(commandHelp(command, 100))?.[1]?.replace(/\s+/g, ' ') ?? ''
  t.equal(of('size', 'capacity'), 'default: 50; RMS_CAPACITY')
  t.equal(of('up', 'capacity'), 'default: that of the machine; RMS_CAPACITY')
  t.equal(of('node', 'port'), 'default: any free one; RMS_PORT')
  t.equal(of('load', 'duration'), 'default: 60; RMS_DURATION')
  t.equal(of('size', 'duration'), 'default: 120; RMS_DURATION')
  t.equal(of('up', 'token'), 'default: a new one, printed; RMS_TOKEN')
  t.equal(of('status', 'token'), 'default: found; RMS_TOKEN')
})

t.test('help fits a terminal from 60 columns, and breaks no word', async (t) => {
  const commands = [...new Set(optionNames.flatMap((name) => optionRow(name).commands))]
  const words = (text: string): string => text.replace(/\s+/g, ' ').trim()
  for (const command of commands) {
    const wide = words(commandHelp(command, 160))
    for (const width of [60, 80, 100, 160]) {
      const help = commandHelp(command, width)
      const broad = help.split('\n').filter((line) => line.length > width)
      t.same(broad, [], `${command} at ${width}`)
      t.equal(words(help), wide, `${command} at ${width} says the same`)
    }
  }
})

t.test('a long command line stays one for the shell', async (t) => {
  t.same(wrapCommand('rms-emulator size --users 40000 --verify', 40), [
    '  rms-emulator size --users 40000 \\',
    '      --verify',
  ])
})

t.test('the table for the README has a row for every setting, and no cell breaks out of it', async (t) => {
  const rows = optionsTable().trimEnd().split('\n')
  t.equal(rows.length, optionNames.length + 2)
  for (const row of rows) t.equal(row.replaceAll('\\|', '').split('|').length, 7, row)
  t.match(optionsTable(), /\| `--root N` \| `RMS_ROOT` \| `2` \| number of nodes .* \| up \|/)
  t.match(optionsTable(), /`--port N` .* \(0 to 65535\) \| up, node, balancer \|/)
})

t.test('the settings of a command with what they are and where they come from, secrets hidden', async (t) => {
  const { origins } = loadSettings('up', {
    flags: { root: '3', 'key-password': 'not to be seen' },
    environment: { RMS_PORT: '7300', RMS_CONFIG: 'lab.json', RMS_TLS: 'no', RMS_LOG_XRML: '1' },
    readText: () => '{ "crypto-mode": 1 }',
  })
  const shown = settingsWithOrigins('up', origins)
  t.notMatch(JSON.stringify(shown), /not to be seen/)
  const of = (name: string) => shown.find((setting) => setting.name === name)
  t.same(
    ['root', 'port', 'crypto-mode', 'host', 'manage-port', 'key-password', 'tls', 'log-xrml'].map((name) => [
      of(name)?.value,
      of(name)?.from,
    ]),
    [
      ['3', '--root'],
      ['7300', 'RMS_PORT'],
      ['1', 'crypto-mode in lab.json'],
      ['127.0.0.1', 'default'],
      ['7080; any free one with --port 0', 'default'],
      ['(hidden)', '--key-password'],
      ['off', 'RMS_TLS'],
      ['on', 'RMS_LOG_XRML'],
    ],
  )
})

t.test('settings of two that belong together differ by value, not by where they are from', (t) => {
  const setting = (name: string, value: string, from: string) => ({ name, value, from })
  const other = { by: 'up', settings: [setting('port', '7000', 'default'), setting('ntlm', 'v2', '--ntlm')] }
  const differing = (...settings: readonly SettingShown[]) => otherSettings({ by: 'node', settings }, other)
  t.same(differing(setting('port', '7000', '--port'), setting('ntlm', 'v2', 'default')), [])
  t.same(differing(setting('port', 'any free one', 'default')), [], 'defaults are told in words of the command')
  t.match(differing(setting('port', '7001', '--port')), [{ value: '7001' }])
  t.match(differing(setting('ntlm', 'lm', 'default')), [{ value: 'lm' }])
  t.same(differing(setting('id', '', 'default')), [])
  t.match(differing(setting('id', 'root-9', '--id')), [{ name: 'id' }])
  t.end()
})
