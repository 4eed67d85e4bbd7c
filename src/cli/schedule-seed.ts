/** The seed of a schedule: a number, where an installation takes any text. */
import { Failure } from './failure.js'

const largest = 2_147_483_647

/** @param text of the setting; 1 when left out @throws Failure */
export function scheduleSeed(text = '1'): number {
  const seed = /^\d{1,10}$/.test(text) ? Number(text) : NaN
  if (seed <= largest) return seed
  throw new Failure(
    `--seed of a schedule must be a whole number from 0 to ${largest}: ${JSON.stringify(text)} is none`,
    2,
  )
}
