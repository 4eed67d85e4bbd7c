/** Help texts and the documentation's table, made from the one list of settings. */
import { environmentName, optionNames, optionRow, optionsOf } from './options.js'
import type { CommandName, OptionName, OptionRow } from './options.js'
import { showValue } from './parse-value.js'
import { secretFileName } from './secret-file.js'

const textWidth = 50

/** The flag as help shows it: `--port N`. */
export function flagUsage(name: OptionName): string {
  const row = optionRow(name)
  if (row.type === 'boolean') return `--${name}`
  if (row.type === 'choice') return `--${name} ${showsChoices(row) ? row.choices.join('|') : 'NAME'}`
  return `--${name} ${row.placeholder ?? (row.type === 'integer' || row.type === 'number' ? 'N' : 'TEXT')}`
}

function showsChoices({ choices, placeholder }: OptionRow & { type: 'choice' }): boolean {
  return choices.length <= 3 && placeholder === undefined
}

function defaultText(name: OptionName): string {
  const row = optionRow(name)
  if (row.defaultText !== undefined) return row.defaultText
  if (row.type === 'boolean') return 'off'
  return showValue(row.default)
}

/** What the setting does, with what it may be when the flag itself does not show it. */
function meaning(name: OptionName): string {
  const row = optionRow(name)
  const file = secretFileName(name)
  const choices = row.type === 'choice' && !showsChoices(row) ? `: ${row.choices.join(', ')}` : ''
  return `${row.help}${choices}${file === undefined ? '' : `; or --${file} FILE, which holds it`}`
}

/** The settings of a command in aligned columns: flag, meaning, default, environment variable. Ends with a line break. */
export function commandHelp(command: CommandName): string {
  const head: Row = { flag: 'Setting', text: ['Meaning'], standard: 'Default', variable: 'Environment' }
  const rows = optionsOf(command).map((name): Row => ({
    flag: flagUsage(name),
    text: wrap(meaning(name)),
    standard: defaultText(name),
    variable: environmentName(name),
  }))
  const all = [head, ...rows]
  const flags = Math.max(...all.map((row) => row.flag.length))
  const standards = Math.max(...all.map((row) => row.standard.length))
  const lines = all.flatMap((row) => [
    `  ${row.flag.padEnd(flags)}  ${(row.text[0] ?? '').padEnd(textWidth)}  ${row.standard.padEnd(standards)}  ${row.variable}`,
    ...row.text.slice(1).map((line) => `  ${' '.repeat(flags)}  ${line}`),
  ])
  return `${lines.join('\n')}\n`
}

interface Row {
  readonly flag: string
  readonly text: readonly string[]
  readonly standard: string
  readonly variable: string
}

function wrap(text: string): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + 1 + word.length <= textWidth) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}

/** All settings as a Markdown table, for the README. Ends with a line break. */
export function optionsTable(): string {
  const lines = optionNames.map((name) => {
    const row = optionRow(name)
    const text =
      row.type === 'integer' || row.type === 'number' ? `${row.help} (${row.minimum} to ${row.maximum})` : meaning(name)
    const cells = [
      code(flagUsage(name)),
      code(environmentName(name)),
      code(defaultText(name)),
      text,
      row.commands.join(', '),
    ]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  })
  return [
    '| Flag | Environment | Default | Meaning | Commands |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n')
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``
}
