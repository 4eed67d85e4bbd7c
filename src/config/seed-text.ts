/** What can be a seed: the one form of it, however it was given. */

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
  const objection = objectionToSeed(given)
  if (objection === undefined) return String(given).normalize('NFC')
  const shown = typeof given === 'string' ? JSON.stringify(given.slice(0, 40)) : String(given)
  throw new BadSeed(`${shown} is no seed: it ${objection}`)
}

/** Why that cannot be a seed: it `must …`. */
export function objectionToSeed(given: unknown): string | undefined {
  if (typeof given === 'number') return isPlain(given) ? undefined : numberForm
  if (typeof given !== 'string') return `must be a whole number from 0 on, or a text of 1 to ${longestSeed} characters`
  if (given === '' || given.length > longestSeed) return `must have 1 to ${longestSeed} characters`
  if (given.trim() !== given || /\p{C}/u.test(given))
    return 'must have no blanks at its ends, and no control characters'
  // 042 and 42 would be taken for the same one.
  return Number.isNaN(Number(given)) || (isPlain(Number(given)) && String(Number(given)) === given)
    ? undefined
    : `${numberForm}, in its digits alone`
}

const numberForm = `must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`

function isPlain(number: number): boolean {
  return Number.isSafeInteger(number) && number >= 0 && !Object.is(number, -0)
}
