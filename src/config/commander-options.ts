/** Feeds commander from the list of settings. Commander only collects texts; `loadSettings` judges them. */
import { Help, Option } from 'commander'
import type { Command } from 'commander'
import type { Environment } from './environment.js'
import { commandHelp, flagUsage, wrap } from './help.js'
import { loadSettings } from './load.js'
import type { Flags, Loaded } from './load.js'
import { optionRow, optionsOf } from './options.js'
import type { CommandName, OptionName } from './options.js'
import { secretFileName } from './secret-file.js'

/** Gives the command its flags and their help. No defaults, no environment: those are for `loadSettings`. */
export function addOptions(command: Command, commandName: CommandName): Command {
  addFlags(command, commandName)
  return describeFlags(command, commandName)
}

/** The flags alone. */
export function addFlags(command: Command, commandName: CommandName): void {
  for (const name of optionsOf(commandName)) {
    command.addOption(commanderOption(name))
    const file = secretFileName(name)
    if (file !== undefined) command.addOption(new Option(`--${file} <FILE>`))
  }
}

/** Their help, which needs no flags. */
export function describeFlags(command: Command, commandName: CommandName): Command {
  // The settings leave commander's list in the help only: hidden options it would not suggest for a mistyped flag.
  command.configureHelp({
    formatHelp(shown, helper) {
      const own = new Set(flagNames(commandName).map((name) => `--${name}`))
      const plain = new Help()
      plain.minWidthToWrap = 20
      plain.prepareContext(helper)
      plain.visibleOptions = (of) => helper.visibleOptions(of).filter((option) => !own.has(option.long ?? ''))
      return plain.formatHelp(shown, plain)
    },
  })
  const title = 'Settings; flags win over the environment, the environment over the config file:'
  return command.addHelpText('after', () => {
    const width = helpWidth(command)
    return `\n${wrap(title, width).join('\n')}\n\n${commandHelp(commandName, width).trimEnd()}`
  })
}

/** Of the terminal; 80 in a pipe, as commander has it. */
export function helpWidth(command: Command): number {
  return command.configureOutput().getOutHelpWidth?.() ?? 80
}

/** Those that name the file of a secret are among them. */
function flagNames(commandName: CommandName): readonly string[] {
  return optionsOf(commandName).flatMap((name) => [name, secretFileName(name)].filter((flag) => flag !== undefined))
}

function commanderOption(name: OptionName): Option {
  const row = optionRow(name)
  const usage = row.type === 'boolean' ? `--${name}` : `--${name} <${flagUsage(name).slice(name.length + 3)}>`
  const option = new Option(usage, row.help)
  // `--no-licensing` is a setting of its own, not commander's way to unset `--licensing`.
  option.negate = false
  if (row.type === 'pairs')
    option.argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text])
  return option
}

/** The flags that stood on the command line, by setting name; options that the command has besides are left out. */
export function parsedFlags(command: Command, commandName: CommandName): Flags {
  const values = command.opts<Record<string, string | boolean | readonly string[] | undefined>>()
  const given: Record<string, string | boolean | readonly string[]> = {}
  for (const name of flagNames(commandName)) {
    const attribute = command.options.find((option) => option.long === `--${name}`)?.attributeName()
    const value = attribute === undefined ? undefined : values[attribute]
    if (value !== undefined) given[name] = value
  }
  return given
}

/**
 * The settings of a command that commander has parsed.
 * @throws SettingsError
 */
export function loadCommand<Name extends CommandName>(
  command: Command,
  name: Name,
  environment: Environment,
): Loaded<Name> {
  return loadSettings(name, { flags: parsedFlags(command, name), environment })
}
