/** A command of the command line, with the settings that it takes. */
import type { Command } from 'commander'
import { addFlags, describeFlags, loadCommand, parsedFlags } from '../config/commander-options.js'
import { processEnvironment } from '../config/environment.js'
import { settingsWithOrigins } from '../config/help.js'
import { optionsOf, type CommandName, type Settings } from '../config/options.js'
import type { StartedWith } from '../config/started-with.js'
import { exampleLines } from './command-help.js'
import { rememberPlace } from './next-command.js'
import { printConfig } from './print-config.js'

/** A command with the settings of that name; help ends with the examples. */
export function add(
  parent: Command,
  name: string,
  settings: CommandName,
  description: string,
  examples: readonly string[],
): Command {
  const command = parent.command(name)
  // The settings of thirty commands take time: only those of the one that was asked for are needed.
  parent.hook('preSubcommand', (_parent, asked) => {
    if (asked === command) addFlags(command, settings)
  })
  return describeFlags(command, settings)
    .description(description)
    .addHelpText('after', () => exampleLines(command, examples))
}

/** @throws what is wrong with them; ConfigPrinted when they were to be shown alone */
export function settingsOf<Name extends CommandName>(command: Command, name: Name): Settings<Name> {
  return settingsAndConfig(command, name)[0]
}

/**
 * For commands that go on running, and say then what they were started with.
 * @throws as `settingsOf`
 */
export function settingsAndConfig<Name extends CommandName>(
  command: Command,
  name: Name,
): readonly [settings: Settings<Name>, config: StartedWith] {
  // Those of `up` are about the one that it starts.
  if (optionsOf(name).includes('manage')) rememberPlace(parsedFlags(command, name))
  const { settings, origins } = loadCommand(command, name, processEnvironment())
  isJsonWanted = (settings as { readonly json: boolean }).json
  const config = { by: name, settings: settingsWithOrigins(name, origins) }
  printConfig(settings, config)
  return [settings, config]
}

/** Also before the settings are known to be good: what is wrong with them is told in the same form. */
let isJsonWanted = process.argv.includes('--json')

/** Whether what is told is for programs. */
export function wantsJson(): boolean {
  return isJsonWanted
}
