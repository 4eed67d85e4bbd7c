/** Help texts and the documentation's table, made from the one list of settings. */
import type { Origin } from './load.js'
import { environmentName, optionNames, optionRow, optionsOf, optionThemes } from './options.js'
import type { CommandName, OptionName, OptionRow } from './options.js'
import { showValue } from './parse-value.js'
import { secretFileName } from './secret-file.js'
import type { SettingShown } from './started-with.js'

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

/** What counts for that command when nothing is given; '' for nothing. */
function defaultFor(name: OptionName, command: CommandName): string {
  const { defaultText } = optionRow(name)
  if (typeof defaultText === 'object') return defaultText[command] ?? defaultText.others ?? ''
  return defaultText ?? plainDefault(name)
}

/** The settings of a command as it would use them; a default in the words of its help. */
export function settingsWithOrigins(command: CommandName, origins: readonly Origin[]): readonly SettingShown[] {
  return origins
    .filter(({ name }) => name !== 'print-config')
    .map(({ name, kind, from, value }) => ({
      name,
      value: kind === 'default' ? defaultFor(name, command) : inWords(name, value),
      from,
    }))
}

/** As the default of a switch is told: the same, whatever it was written as. */
function inWords(name: OptionName, value: string): string {
  return optionRow(name).type === 'boolean' ? (value === 'true' ? 'on' : 'off') : value
}

/** The same for all of its commands. */
function defaultText(name: OptionName): string {
  const { defaultText: text, commands } = optionRow(name)
  if (typeof text !== 'object') return text ?? plainDefault(name)
  const said = new Map<string, CommandName[]>()
  for (const command of commands) {
    const words = defaultFor(name, command)
    said.set(words, [...(said.get(words) ?? []), command])
  }
  return [...said].map(([words, of]) => `${words === text.others ? 'others' : of.join(', ')}: ${words}`).join('; ')
}

function plainDefault(name: OptionName): string {
  const row = optionRow(name)
  return row.type === 'boolean' ? 'off' : showValue(row.default)
}

/** What the setting does, with what it may be when the flag itself does not show it. */
function meaning(name: OptionName): string {
  const row = optionRow(name)
  const file = secretFileName(name)
  const choices = row.type === 'choice' && !showsChoices(row) ? `: ${row.choices.join(', ')}` : ''
  return `${row.help}${choices}${file === undefined ? '' : `; or --${file} FILE, which holds it`}`
}

/** Columns of characters. A longer flag has a line of its own. */
const widestFlag = (width: number): number => (width < 80 ? 14 : 24)
const widest = 110

/**
 * The settings of a command by theme: flag, meaning, and under it the default for this command and the environment variable.
 * @param width of the terminal; no line is longer, from 40 on
 * @returns ends with a line break
 */
export function commandHelp(command: CommandName, width: number): string {
  const own = new Set(optionsOf(command))
  const usages = [...own].map((name) => flagUsage(name).length)
  const column = Math.min(widestFlag(width), Math.max(...usages)) + 4
  const room = Math.max(Math.min(width, widest) - column, 14)
  const lines = optionThemes.flatMap(({ title, options }) => {
    const names = (Object.keys(options) as OptionName[]).filter((name) => own.has(name))
    return names.length === 0 ? [] : [title, ...names.flatMap((name) => entry(name, command, { column, room })), '']
  })
  return `${lines.join('\n').trimEnd()}\n`
}

function entry(
  name: OptionName,
  command: CommandName,
  { column, room }: { readonly column: number; readonly room: number },
): readonly string[] {
  const standard = defaultFor(name, command)
  const facts = [standard === '' ? '' : `default: ${standard}`, environmentName(name)].filter((text) => text !== '')
  const text = [...wrap(meaning(name), room), ...wrap(`[${facts.join('; ')}]`, room)]
  const flag = `  ${flagUsage(name)}`
  const [first, ...others] = flag.length + 2 > column ? ['', ...text] : text
  return [`${flag.padEnd(column)}${first}`.trimEnd(), ...others.map((line) => `${' '.repeat(column)}${line}`)]
}

/** Between words; a longer one stands by itself. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}

/** A command line in as many lines as it needs, which a shell takes for one. */
export function wrapCommand(command: string, width: number): readonly string[] {
  const lines = wrap(command, width - 8)
  return lines.map((line, index) => `${index === 0 ? '  ' : '      '}${line}${index < lines.length - 1 ? ' \\' : ''}`)
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
