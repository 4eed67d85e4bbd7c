/** What help says besides the settings: examples, exit codes, groups of commands; and what a mistyped flag was meant to be. */
import type { Command, CommanderError } from 'commander'
import { helpWidth } from '../config/commander-options.js'
import { commandLine } from '../command-line.js'
import { wrap, wrapCommand } from '../config/help.js'
import { nearest } from '../config/nearest.js'
import { optionNames, optionRow, optionsOf, type CommandName } from '../config/options.js'
import { exitCodes } from './failure.js'

/** The end of every help. */
export function closing(command: Command): string {
  const width = helpWidth(command)
  const codes = exitCodes.flatMap(({ code, event, meaning }) =>
    wrap(`${event === '' ? '' : `${event}: `}${meaning}`, width - 5).map(
      (line, index) => `${index === 0 ? `  ${code}  ` : '     '}${line}`,
    ),
  )
  return ['', 'Exit codes:', ...codes, 'Results go to stdout, everything else to stderr.'].join('\n')
}

export function exampleLines(command: Command, examples: readonly string[]): string {
  const lines = examples.flatMap((example) => wrapCommand(commandLine(example), helpWidth(command)))
  return `\n${examples.length === 1 ? 'Example' : 'Examples'}:\n${lines.join('\n')}\n${closing(command)}`
}

/** Help shows the commands under these titles, in the order in which they were made. */
export const commandGroups: readonly (readonly [string, readonly string[]])[] = [
  ['Begin', ['up', 'demo']],
  [
    'A running installation',
    'status healthcheck management-token admit revoke drain resume add-server add-cluster remove-server remove-cluster add-extranet remove-extranet scp lab'.split(
      ' ',
    ),
  ],
  ['Clients and documents', ['client', 'print-client', 'access-token', 'explain']],
  ['Load and size', ['load', 'size']],
  ['The parts, for several machines', ['provision', 'node', 'balancer', 'manage']],
]

/** `manage --port` is `--manage-port`; a flag of other commands is named as theirs. */
export function hintFor({ code, message }: CommanderError): string {
  const flag = /'--([\w-]+)(?:=.*)?'/.exec(message)?.[1]
  const command = process.argv[2] as CommandName | undefined
  if (code !== 'commander.unknownOption' || flag === undefined || command === undefined) return ''
  const names = optionsOf(command)
  const own = names.find((name) => name.endsWith(`-${flag}`))
  if (own !== undefined) return `Did you mean --${own}?\n`
  const known = optionNames.find((name) => name === flag)
  if (known !== undefined) return `--${flag} is a setting of ${optionRow(known).commands.join(', ')}.\n`
  // Commander says so itself of what is closer.
  const meant = message.includes('Did you mean') ? undefined : nearest(flag, names)
  return meant === undefined ? '' : `Did you mean --${meant}?\n`
}
