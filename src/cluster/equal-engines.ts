/** The check that both signing engines give the same bytes: made where a cluster is made, and by a node that signs with forge. */
import { generateKeyPair } from '../crypto/keys.js'
import { modes } from '../crypto/modes.js'
import { surfaceDigest } from '../crypto/signed-octets.js'
import { createSigner } from '../crypto/signer.js'

/** The shortest that a signature with SHA-256 fits in: it tells as much as one of 2048 bits, with which forge takes 50 times as long. */
const keyBits = 512

let compared: Promise<void> | undefined

/**
 * Compares them with a new key, once in a process.
 * @throws Error when they disagree
 */
export function requireEqualEngines(): Promise<void> {
  return (compared ??= compare())
}

async function compare(): Promise<void> {
  const key = await generateKeyPair(keyBits)
  const { hash } = modes[2]
  const digest = surfaceDigest('<BODY />', hash)
  const [openssl, forge] = await Promise.all([
    createSigner('openssl', key).sign(digest, hash),
    createSigner('forge', key).sign(digest, hash),
  ])
  if (!openssl.equals(forge))
    throw new Error('The signing engines openssl and forge disagree: this platform cannot be used')
}
