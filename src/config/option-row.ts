/** What a row of the list of settings (options.ts) can be, and the groups of commands that share settings. */

export type CommandName =
  | 'up'
  | 'node'
  | 'provision'
  | 'manage'
  | 'status'
  | 'add-server'
  | 'add-cluster'
  | 'remove-server'
  | 'scp'
  | 'token'
  | 'demo'
  | 'client'
  | 'explain'
  | 'balancer'
  | 'load'
  | 'size'
  | 'print-client'

/** Where commands differ; `others` is for those that are not named. */
export type DefaultTexts = Readonly<Partial<Record<CommandName | 'others', string>>>

interface RowBase {
  /** The commands that take this setting as a flag. Environment and config file may name it for any command. */
  readonly commands: readonly CommandName[]
  /** One sentence without a full stop; units are named here. */
  readonly help: string
  /** What help shows for the value, or for a default that only the command knows. */
  readonly placeholder?: string
  readonly defaultText?: string | DefaultTexts
  /** Never shown in messages or in the list of origins, and may stand in a file that `NAME-file` names. */
  readonly secret?: boolean
  /** Settings that say the opposite; whichever comes from the stronger source wins, both from the same one is an error. */
  readonly excludes?: string
}

interface IntegerRow extends RowBase {
  readonly type: 'integer'
  readonly minimum: number
  readonly maximum: number
  readonly default: number | undefined
}

/** Decimals allowed. */
interface NumberRow extends RowBase {
  readonly type: 'number'
  readonly minimum: number
  readonly maximum: number
  readonly default: number | undefined
}

interface StringRow extends RowBase {
  readonly type: 'string'
  /** `header`: it travels as the value of an HTTP header. */
  readonly format?: 'url' | 'header' | 'capacity' | 'proxies' | 'seed' | 'forest'
  /** The value is a list of some of these, with commas between them. */
  readonly listOf?: readonly string[]
  readonly default: string | undefined
}

interface BooleanRow extends RowBase {
  readonly type: 'boolean'
  readonly default: false
}

interface ChoiceRow extends RowBase {
  readonly type: 'choice'
  readonly choices: readonly (string | number)[]
  readonly default: string | number | undefined
}

/** A repeatable KEY=VALUE. With `values: 'integer'` each key stands once. */
interface PairsRow extends RowBase {
  readonly type: 'pairs'
  readonly values: 'integer' | 'string'
  readonly format?: 'url'
  readonly minimum?: number
  readonly maximum?: number
  /** What counts for a KEY that stands alone; without it, there must be a value. */
  readonly alone?: number
  readonly default: readonly Pair<string | number>[]
}

export interface Pair<Value> {
  readonly key: string
  readonly value: Value
}

export type OptionRow = IntegerRow | NumberRow | StringRow | BooleanRow | ChoiceRow | PairsRow
export type OptionRows = Readonly<Record<string, OptionRow>>

/** Start servers of their own. */
export const installing = ['up', 'demo'] as const
/** Act as an RMS client. */
export const asClient = ['client', 'demo', 'load'] as const
/** Ask a running installation. */
export const managing = [
  'status',
  'add-server',
  'add-cluster',
  'remove-server',
  'scp',
  'token',
  'print-client',
] as const
/** Stand on the database. */
export const onDatabase = ['up', 'node', 'provision', 'manage'] as const
export const serving = ['up', 'node'] as const
export const listening = [...serving, 'balancer'] as const
export const every = ['demo', 'client', 'explain', 'balancer', 'load', 'size', ...onDatabase, ...managing] as const
