/** What can be a seed: the one form of it, however it was given. */

/** What was given as a seed is none; the message completes "… is no seed:". */
export class BadSeed extends Error {
  override readonly name = 'BadSeed'
}

export const longestSeed = 128

/**
 * @param given a whole number from 0 to 2^53-1, or a text of 1 to 128 characters; a number and its digits are the same seed
 * @returns its text
 * @throws BadSeed
 */
export function seedText(given: unknown): string {
  if (typeof given === 'number') {
    if (Number.isSafeInteger(given) && given >= 0) return String(given)
    throw new BadSeed(`${given} is no seed: a number must be a whole one from 0 to ${Number.MAX_SAFE_INTEGER}`)
  }
  if (typeof given !== 'string')
    throw new BadSeed(`a seed is a whole number from 0 on, or a text of 1 to ${longestSeed} characters`)
  const shown = JSON.stringify(given.slice(0, 40))
  if (given === '' || given.length > longestSeed)
    throw new BadSeed(
      `${given === '' ? '""' : `${shown}… of ${given.length} characters`} is no seed: it must have 1 to ${longestSeed} characters`,
    )
  if (given.trim() !== given || /\p{C}/u.test(given))
    throw new BadSeed(`${shown} is no seed: no blanks at its ends, and no control characters`)
  return given.normalize('NFC')
}
