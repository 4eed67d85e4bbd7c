/** `--print-config`: the settings that a command would use, and where each comes from. */
import type { Settings, CommandName } from '../config/options.js'
import type { SettingShown, StartedWith } from '../config/started-with.js'
import { createOutput, table } from './output.js'

/** They are printed: the command has nothing else to do. */
export class ConfigPrinted extends Error {
  override readonly name = 'ConfigPrinted'
}

/** @throws ConfigPrinted when they were asked for */
export function printConfig(settings: Settings<CommandName>, { by, settings: shown }: StartedWith): void {
  const { printConfig: isAsked, json } = settings as { readonly printConfig: boolean; readonly json: boolean }
  if (!isAsked) return
  createOutput(json).result({ event: 'config', command: by, settings: shown }, configTable(shown))
  throw new ConfigPrinted()
}

export function configTable(settings: readonly SettingShown[]): string {
  const rows = settings.map(({ name, value, from }) => [name, value, from])
  return table([['setting', 'value', 'from'], ...rows], { hasHeader: true })
}
