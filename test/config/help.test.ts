import t from 'tap'
import { commandHelp, optionsTable } from '../../src/config/help.js'
import { environmentName, optionNames, optionRow, optionsOf } from '../../src/config/options.js'
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

t.test(
  'the help of a command has its settings only, in aligned columns, with default and environment variable',
  async (t) => {
    const help = commandHelp('up')
    const lines = help.split('\n')
    const column = (lines[0] ?? '').indexOf('Environment')
    for (const name of optionsOf('up')) {
      const line = lines.find((candidate) => candidate.trim().split(' ')[0] === `--${name}`)
      t.equal(line?.slice(column), environmentName(name), name)
    }
    t.match(help, /--port N .* 7000; node: any .*RMS_PORT/)
    t.match(help, /--crypto-mode 1\|2 /)
    t.ok(lines.every((line) => line.length <= 140))
    t.notMatch(commandHelp('status'), /--root/)
  },
)

t.test('the table for the README has a row for every setting, and no cell breaks out of it', async (t) => {
  const rows = optionsTable().trimEnd().split('\n')
  t.equal(rows.length, optionNames.length + 2)
  for (const row of rows) t.equal(row.replaceAll('\\|', '').split('|').length, 7, row)
  t.match(optionsTable(), /\| `--root N` \| `RMS_ROOT` \| `2` \| number of nodes .* \| up \|/)
  t.match(optionsTable(), /`--port N` .* \(0 to 65535\) \| up, node, balancer \|/)
})
