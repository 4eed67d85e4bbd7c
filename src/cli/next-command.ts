/** Commands that hints name: they are about the installation that the command was about which prints them. */
import { commandLine, replaceCommands, shellWord } from '../command-line.js'
import type { Flags } from '../config/load.js'

/** Flags that say which installation is meant. What stands in the environment holds for the next command as well. */
const placeFlags = ['config', 'manage', 'token', 'token-file', 'scope']

/** As they stood on the command line of this process, ready to be put behind another command; '' for none. */
let place = ''

export function rememberPlace(flags: Flags): void {
  place = placeFlags
    .flatMap((name) => (typeof flags[name] === 'string' ? [` --${name} ${shellWord(flags[name])}`] : []))
    .join('')
}

/** @param words such as `add-server legal`, quoted already: of a command that asks a running installation */
export function nextCommand(words: string): string {
  return `${commandLine(words)}${place}`
}

/** What an installation says of itself names commands without the address that it is reached by here. */
export function withPlace(reason: string): string {
  return replaceCommands(reason, (command) => (asksInstallation.test(command) ? `${command}${place}` : command))
}

const asksInstallation =
  /^\S+ \S+ (?:lab|admit|revoke|drain|resume|status|(?:add|remove)-(?:server|cluster|extranet)|scp)(?: |$)/
