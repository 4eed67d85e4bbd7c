/** Merges the sources of settings, the strongest first: flags, `RMS_*` environment, config file, defaults. */
import { readFileSync } from 'node:fs'
import { nearest } from './nearest.js'
import type { Environment } from './environment.js'
import { environmentName, optionNames, optionRow, options, optionsOf } from './options.js'
import type { CommandName, OptionName, Settings } from './options.js'
import { BadValue, parseValue, showValue } from './parse-value.js'
import type { SettingValue } from './parse-value.js'
import { pairings } from './passed-over.js'
import { readSecret, secretFileName, secretOfFile } from './secret-file.js'

/** What flags gave, by setting name: several texts for a repeatable one, `true` for a boolean. */
export type Flags = Readonly<Record<string, string | boolean | readonly string[]>>

export interface Sources {
  readonly flags: Flags
  readonly environment: Environment
  /** Text of the config file, and of the files of secrets; by default read from disk. */
  readonly readText?: (path: string) => string
}

type SourceKind = 'flag' | 'environment' | 'file' | 'default'

export interface Origin {
  readonly name: OptionName
  readonly kind: SourceKind
  /** As the user wrote it: `--port`, `RMS_PORT`, `port in lab.json`; `default` otherwise. */
  readonly from: string
  /** The value as text; secrets are hidden. */
  readonly value: string
}

export interface Loaded<Command extends CommandName> {
  readonly settings: Settings<Command>
  /** Where each value came from, in the table's order: for `--log-level debug` and the status page. */
  readonly origins: readonly Origin[]
}

/** Everything that is wrong with the settings, one line each. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

interface Given {
  readonly kind: SourceKind
  readonly from: string
  readonly texts: readonly string[]
}

type Layer = ReadonlyMap<OptionName, Given>

interface Reading {
  readonly readText: (path: string) => string
  readonly problems: string[]
}
type Values = Map<OptionName, { readonly value: SettingValue; readonly given: Given }>

/**
 * The settings of one command. Environment and file may name settings of other commands, which are checked and passed over; a flag
 * must belong to the command. An empty environment variable counts as not given. A list from a stronger source replaces the whole
 * list of a weaker one.
 * @throws SettingsError naming every problem at once
 */
export function loadSettings<Command extends CommandName>(command: Command, sources: Sources): Loaded<Command> {
  const problems: string[] = []
  const reading: Reading = { problems, readText: sources.readText ?? ((name) => readFileSync(name, 'utf8')) }
  const flags = readFlags(command, sources.flags, reading)
  const environment = readEnvironment(sources.environment, reading)
  const path = flags.get('config')?.texts[0] ?? environment.get('config')?.texts[0]
  const file = path === undefined ? new Map() : readFile(path, reading)
  const layers: readonly Layer[] = [flags, environment, file]

  const values: Values = new Map()
  for (const layer of layers.toReversed()) {
    for (const [name, given] of layer) readValue(name, given, values, problems)
  }
  settleExclusions(values, problems)
  if (command === 'up') refusePassedOver(values, problems)
  if (problems.length > 0) throw new SettingsError(problems)

  const names = optionsOf(command)
  const valueOf = (name: OptionName): SettingValue =>
    values.has(name) ? values.get(name)?.value : optionRow(name).default
  return {
    settings: Object.fromEntries(names.map((name) => [camelCase(name), valueOf(name)])) as Settings<Command>,
    origins: names.map((name) => ({
      name,
      kind: values.get(name)?.given.kind ?? 'default',
      from: values.get(name)?.given.from ?? 'default',
      value: optionRow(name).secret === true && valueOf(name) !== undefined ? '(hidden)' : showValue(valueOf(name)),
    })),
  }
}

function readValue(name: OptionName, given: Given, values: Values, problems: string[]): void {
  const row = optionRow(name)
  try {
    values.set(name, { value: parseValue(row, given.texts), given })
  } catch (error) {
    if (!(error instanceof BadValue)) throw error
    const shown = row.secret === true ? '(hidden)' : JSON.stringify(given.texts.join(', ')).slice(0, 200)
    problems.push(`${given.from} is ${shown}; it ${error.message}`)
  }
}

const prefix = 'RMS_'

function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(options, name)
}

/** A layer takes a value, or the secret in the file that the value names; both for the same setting contradict each other. */
function take(
  layer: Map<OptionName, Given>,
  name: OptionName,
  given: Given,
  isSecretFile: boolean,
  { readText, problems }: Reading,
): void {
  const other = layer.get(name)
  if (other !== undefined) {
    problems.push(`${other.from} and ${given.from} are for the same secret; give one of them`)
    return
  }
  try {
    layer.set(name, isSecretFile ? { ...given, texts: [readSecret(given.texts[0] ?? '', readText)] } : given)
  } catch (error) {
    problems.push(
      `${given.from} is ${JSON.stringify(given.texts[0])}; the secret in this file cannot be used: ${(error as Error).message}`,
    )
  }
}

function unknown(what: string, meant: string | undefined): string {
  return `${what} is not a setting${meant === undefined ? '' : `; did you mean ${meant}?`}`
}

function readFlags(command: CommandName, flags: Flags, reading: Reading): Layer {
  const given = new Map<OptionName, Given>()
  const own = optionsOf(command)
  for (const [flag, value] of Object.entries(flags)) {
    const secret = secretOfFile(flag)
    const name = secret ?? flag
    if (!isOptionName(name)) {
      const meant = nearest(flag, own)
      reading.problems.push(unknown(`--${flag}`, meant && `--${meant}`))
    } else if (!own.includes(name)) {
      reading.problems.push(
        `--${flag} does not belong to ${command}; it is a setting of ${optionRow(name).commands.join(', ')}`,
      )
    } else {
      const texts = typeof value === 'object' ? value : [String(value)]
      take(given, name, { kind: 'flag', from: `--${flag}`, texts }, secret !== undefined, reading)
    }
  }
  return given
}

interface Variable {
  readonly name: OptionName
  /** Names a file that holds the value. */
  readonly isSecretFile: boolean
}

const variables = new Map<string, Variable>(
  optionNames.map((name) => [environmentName(name), { name, isSecretFile: false }]),
)
for (const name of optionNames) {
  if (secretFileName(name) !== undefined) variables.set(`${environmentName(name)}_FILE`, { name, isSecretFile: true })
}

function readEnvironment(environment: Environment, reading: Reading): Layer {
  const given = new Map<OptionName, Given>()
  // The common beginning would make every variable look alike.
  const endings = [...variables.keys()].map((variable) => variable.slice(prefix.length))
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith(prefix) || value === undefined || value === '') continue
    const known = variables.get(variable)
    if (known === undefined) {
      const meant = nearest(variable.slice(prefix.length), endings)
      reading.problems.push(unknown(variable, meant && `${prefix}${meant}`))
    } else {
      const texts = optionRow(known.name).type === 'pairs' ? value.split(',') : [value]
      take(given, known.name, { kind: 'environment', from: variable, texts }, known.isSecretFile, reading)
    }
  }
  return given
}

function readFile(path: string, reading: Reading): Layer {
  const { problems } = reading
  const given = new Map<OptionName, Given>()
  let content: unknown
  try {
    content = JSON.parse(reading.readText(path).replace(/^\uFEFF/, ''))
  } catch (error) {
    problems.push(`The config file ${path} cannot be read as JSON: ${(error as Error).message}`)
    return given
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    problems.push(`The config file ${path} must hold one JSON object with settings`)
    return given
  }
  const inFile = optionNames.filter((name) => name !== 'config')
  for (const [key, value] of Object.entries(content)) {
    const from = `${key} in ${path}`
    const secret = secretOfFile(key)
    const name = secret ?? key
    if (!isOptionName(name)) {
      problems.push(unknown(from, nearest(key, inFile)))
      continue
    }
    const pairs = optionRow(name).type === 'pairs'
    const texts = fileTexts(pairs, value)
    if (name === 'config') problems.push(`${from}: a config file cannot name another one`)
    else if (texts !== undefined) take(given, name, { kind: 'file', from, texts }, secret !== undefined, reading)
    else
      problems.push(`${from} is of the wrong kind; it must be ${pairs ? 'an object or a list of texts' : 'one value'}`)
  }
  return given
}

/** JSON to the texts that a flag would have given; undefined when the value has the wrong shape. */
function fileTexts(pairs: boolean, value: unknown): readonly string[] | undefined {
  const single = (item: unknown): item is string | number | boolean =>
    ['string', 'number', 'boolean'].includes(typeof item)
  if (!pairs) return single(value) ? [String(value)] : undefined
  if (Array.isArray(value)) return value.every(single) ? value.map(String) : undefined
  if (typeof value !== 'object' || value === null) return undefined
  const items = Object.entries(value).flatMap(([key, item]) => [item].flat().map((one: unknown) => ({ key, one })))
  return items.every(({ one }) => single(one)) ? items.map(({ key, one }) => `${key}=${String(one)}`) : undefined
}

const rank: Readonly<Record<SourceKind, number>> = { flag: 3, environment: 2, file: 1, default: 0 }

/** `no-licensing` against `licensing`: afterwards at most one of them says something. */
function settleExclusions(values: Values, problems: string[]): void {
  for (const name of optionNames) {
    const other = optionRow(name).excludes
    const mine = values.get(name)
    if (other === undefined || !isOptionName(other) || mine === undefined || mine.value !== true) continue
    const theirs = values.get(other)
    if (theirs !== undefined && theirs.given.kind === mine.given.kind) {
      problems.push(`${mine.given.from} and ${theirs.given.from} contradict each other; give one of them`)
    } else if (theirs !== undefined && rank[theirs.given.kind] > rank[mine.given.kind]) {
      values.set(name, { value: false, given: theirs.given })
    } else {
      values.set(other, { value: [], given: mine.given })
    }
  }
}

/** What a stronger source switches off was settled by it; what is given beside it, or above it, would be passed over. */
function refusePassedOver(values: Values, problems: string[]): void {
  for (const { names, by, isOff, why } of pairings) {
    const other = values.get(by)
    if (!isOff(other === undefined ? optionRow(by).default : other.value)) continue
    for (const name of names) {
      const mine = values.get(name)
      if (mine === undefined || mine.value === optionRow(name).default) continue
      if (rank[mine.given.kind] >= rank[other?.given.kind ?? 'default']) problems.push(`${mine.given.from} ${why}`)
    }
  }
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
