/** `--print-config`: the settings that a command would use, and where each comes from. */
import { settingsWithOrigins, type SettingShown } from '../config/help.js'
import type { Loaded } from '../config/load.js'
import type { CommandName } from '../config/options.js'
import { createOutput, table } from './output.js'

/** They are printed: the command has nothing else to do. */
export class ConfigPrinted extends Error {
  override readonly name = 'ConfigPrinted'
}

/** @throws ConfigPrinted when they were asked for */
export function printConfig<Name extends CommandName>(name: Name, { settings, origins }: Loaded<Name>): void {
  const { printConfig: isAsked, json } = settings as { readonly printConfig: boolean; readonly json: boolean }
  if (!isAsked) return
  const shown = settingsWithOrigins(name, origins)
  createOutput(json).result(
    { event: 'config', command: name, settings: shown },
    table(rowsOf(shown), { hasHeader: true }),
  )
  throw new ConfigPrinted()
}

function rowsOf(settings: readonly SettingShown[]): readonly (readonly string[])[] {
  return [['setting', 'value', 'from'], ...settings.map(({ name, value, from }) => [name, value, from])]
}
