/** Reads a command line as the program itself does, without running it. */
import { Command } from 'commander'
import { addOptions, parsedFlags } from '../../src/config/commander-options.js'
import { loadSettings } from '../../src/config/load.js'
import { optionNames, optionRow, type CommandName } from '../../src/config/options.js'
import { secretOfFile } from '../../src/config/secret-file.js'

/**
 * The settings that the program would run with.
 * @param args command, its arguments and its flags
 * @throws SettingsError, CommanderError for a flag, a variable or a value that it does not know
 */
export function settingsOf(
  [name = '', ...args]: readonly string[],
  environment: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  const commandName = name as CommandName
  if (!optionNames.some((option) => optionRow(option).commands.includes(commandName)))
    throw new Error(`There is no command ${name}`)
  const silent = { writeOut: () => undefined, writeErr: () => undefined }
  const command = addOptions(new Command(name).argument('[kind]').exitOverride().configureOutput(silent), commandName)
  command.parse(args, { from: 'user' })
  return loadSettings(commandName, {
    flags: parsedFlags(command, commandName),
    environment,
    readText: (path) => `content-of-${path}`,
  }).settings
}

/** Variables that hold a secret in clear. A PostgreSQL URL without a password holds none. */
export function secretsInClear(environment: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(environment).flatMap(([variable, value]) => {
    const name = variable.replace(/^RMS_/, '').toLowerCase().replaceAll('_', '-')
    const row = optionNames.find((option) => option === name)
    const isSecret =
      row === undefined
        ? secretOfFile(name) === undefined && /password|secret|token/i.test(variable) && !variable.endsWith('_FILE')
        : optionRow(row).secret === true
    return isSecret && !/^postgres:\/\/[^:@/]+@[^@]+$/.test(value) ? [variable] : []
  })
}
