/** The check that both signing engines give the same bytes: made where a cluster is made, and by a node that signs with forge. */
import { modes } from '../crypto/modes.js'
import { surfaceDigest } from '../crypto/signed-octets.js'
import { createSigner } from '../crypto/signer.js'
import { labEnrollmentService } from '../xrml/lab-hierarchy.js'

let compared: Promise<void> | undefined

/**
 * Compares them with a key of the lab, once in a process: a short one tells as much, in a fifth of the time.
 * @throws Error when they disagree
 */
export function requireEqualEngines(): Promise<void> {
  return (compared ??= compare())
}

async function compare(): Promise<void> {
  const { key } = labEnrollmentService(1)
  const { hash } = modes[2]
  const digest = surfaceDigest('<BODY />', hash)
  const [openssl, forge] = await Promise.all([
    createSigner('openssl', key).sign(digest, hash),
    createSigner('forge', key).sign(digest, hash),
  ])
  if (!openssl.equals(forge))
    throw new Error('The signing engines openssl and forge disagree: this platform cannot be used')
}
