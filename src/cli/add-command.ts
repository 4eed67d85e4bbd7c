/** A command of the command line, with the settings that it takes. */
import type { Command } from 'commander'
import { addFlags, describeFlags, loadCommand, parsedFlags } from '../config/commander-options.js'
import { processEnvironment } from '../config/environment.js'
import { optionsOf, type CommandName, type Settings } from '../config/options.js'
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
  // Those of `up` are about the one that it starts.
  if (optionsOf(name).includes('manage')) rememberPlace(parsedFlags(command, name))
  const loaded = loadCommand(command, name, processEnvironment())
  isJsonWanted = (loaded.settings as { readonly json: boolean }).json
  printConfig(name, loaded)
  return loaded.settings
}

/** Also before the settings are known to be good: what is wrong with them is told in the same form. */
let isJsonWanted = process.argv.includes('--json')

/** Whether what is told is for programs. */
export function wantsJson(): boolean {
  return isJsonWanted
}
