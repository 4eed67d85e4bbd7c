/** The only list of settings: flags, `RMS_*` environment, config file, help text and documentation all come from this table. */
import { addressOptions } from './address-options.js'
import { balancerOptions } from './balancer-options.js'
import { clientOptions } from './client-options.js'
import { clusterOptions } from './cluster-options.js'
import { labOptions } from './lab-options.js'
import { limitOptions } from './limit-options.js'
import { signInOptions } from './sign-in-options.js'
import { sizingOptions } from './sizing-options.js'
import { storeOptions } from './store-options.js'
import type { CommandName, OptionRow, Pair } from './option-row.js'

export type { CommandName, OptionRow, Pair }

/** The settings by theme: help shows them in this order, under these titles. */
export const optionThemes = [
  { title: 'Clusters and servers', options: clusterOptions },
  { title: 'Addresses and https', options: addressOptions },
  { title: 'Database, keys and signatures', options: storeOptions },
  { title: 'Sign-in', options: signInOptions },
  { title: 'Limits and logs', options: limitOptions },
  { title: 'Lab', options: labOptions },
  { title: 'Capacity and load', options: sizingOptions },
  { title: 'Balancer', options: balancerOptions },
  { title: 'Clients and commands on a running installation', options: clientOptions },
] as const

export const options = {
  ...clusterOptions,
  ...addressOptions,
  ...storeOptions,
  ...signInOptions,
  ...limitOptions,
  ...labOptions,
  ...sizingOptions,
  ...balancerOptions,
  ...clientOptions,
} as const

type Options = typeof options
export type OptionName = keyof Options

/** The setting's environment variable: `manage-port` is `RMS_MANAGE_PORT`. */
export function environmentName(name: OptionName): string {
  return `RMS_${name.toUpperCase().replaceAll('-', '_')}`
}

export const optionNames = Object.keys(options) as OptionName[]

/** The row of a setting, without its literal types. */
export function optionRow(name: OptionName): OptionRow {
  return options[name]
}

/** The settings of a command, in the table's order. */
export function optionsOf(command: CommandName): readonly OptionName[] {
  return optionNames.filter((name) => optionRow(name).commands.includes(command))
}

type ValueOf<Row> = Row extends { type: 'integer' | 'number' }
  ? number
  : Row extends { type: 'boolean' }
    ? boolean
    : Row extends { type: 'choice'; choices: readonly (infer Choice)[] }
      ? Choice
      : Row extends { type: 'pairs'; values: infer Kind }
        ? readonly Pair<Kind extends 'integer' ? number : string>[]
        : string

type OrUndefined<Row> = Row extends { default: undefined } ? undefined : never

type NamesOf<Command extends CommandName> = {
  [Name in OptionName]: Command extends Options[Name]['commands'][number] ? Name : never
}[OptionName]

type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name

/** The typed values of a command's settings: `settings.managePort`. */
export type Settings<Command extends CommandName> = {
  readonly [Name in NamesOf<Command> as CamelCase<Name>]: ValueOf<Options[Name]> | OrUndefined<Options[Name]>
}
