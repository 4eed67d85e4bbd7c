/** A word behind a command that has commands of its own. */
import type { Command } from 'commander'
import { nearest } from '../config/nearest.js'
import { Failure } from './failure.js'

/**
 * @param path as it is written, such as `lab server`
 * @throws Failure for a word that is no command there
 */
export function requireKnownCommand({ args: [word], commands }: Command, path: string): void {
  if (word === undefined) return
  const names = commands.map((command) => command.name())
  const meant = nearest(word, names)
  const hint = meant === undefined ? `there are ${names.join(', ')}` : `did you mean "${meant}"?`
  throw new Failure(`There is no command ${path} ${word}: ${hint}`, 2)
}
