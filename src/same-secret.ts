/** Whether somebody knows a secret, in a time that tells nothing of how much of it was right. */
import { timingSafeEqual } from 'node:crypto'

/** @param shown what came over the wire; compared in UTF-8 */
export function isSameSecret(shown: string, secret: string): boolean {
  const [one, other] = [Buffer.from(shown), Buffer.from(secret)]
  return one.length === other.length && timingSafeEqual(one, other)
}
