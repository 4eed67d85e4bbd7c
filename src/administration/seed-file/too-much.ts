/** An installation that is larger than a seed file. */
import { problem } from '../problem.js'

/** @throws Problem 409 */
export function tooMuch(what: string, number: number, most: number): never {
  return problem(409, `There are ${number} ${what}, and a seed file takes at most ${most}`)
}
