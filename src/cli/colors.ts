/** Whether there are colors on a stream: NO_COLOR (no-color.org), FORCE_COLOR, and otherwise where a terminal is. */
import pc from 'picocolors'
import { processEnvironment, type Environment } from '../config/environment.js'
import { plain, type Paint } from '../explain/paint.js'

export interface MaybeTerminal {
  readonly isTTY?: boolean
}

export function hasColors({ isTTY }: MaybeTerminal, environment: Environment): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force, TERM: terminal } = environment
  if (no !== undefined && no !== '') return false
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false'
  return isTTY === true && terminal !== 'dumb'
}

const { green, red, yellow, dim, bold } = pc.createColors(true)
const colors: Paint = { good: green, bad: red, note: yellow, dim, strong: bold }

export function paintFor(stream: MaybeTerminal): Paint {
  return hasColors(stream, processEnvironment()) ? colors : plain
}
