/** Proofs that somebody has the cluster key: an HMAC under a key of its own for each purpose. */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { ClusterKey } from './at-rest.js'

/**
 * @param purpose what is proven, such as `lab-control`; a proof for one is none for another
 * @returns 32 bytes, HMAC-SHA-256
 */
export function proofOf({ secret }: ClusterKey, purpose: string, content: string): Buffer {
  const key = Buffer.from(hkdfSync('sha256', secret, '', purpose, 32))
  return createHmac('sha256', key).update(content).digest()
}

/** In a time that tells nothing of how much of it was right. */
export function isProofOf(key: ClusterKey, purpose: string, content: string, shown: Buffer): boolean {
  const wanted = proofOf(key, purpose, content)
  return shown.length === wanted.length && timingSafeEqual(shown, wanted)
}
