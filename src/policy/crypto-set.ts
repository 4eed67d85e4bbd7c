/** Which key lengths and hashes a cryptographic mode allows ([MS-RMPR] 3.1.4.7). */
import type { ModeRules } from '../crypto/modes.js'
import { descend } from '../xml/read.js'
import type { XrmlDocument } from '../xrml/document.js'

/**
 * What in the chain does not fit the mode; undefined when all does. Keys of the issuers above may be RSA-2048 in Mode 1 too.
 */
export function unsupportedSet(chain: readonly XrmlDocument[], rules: ModeRules): string | undefined {
  for (const [index, document] of chain.entries()) {
    const hash = descend(document.signature, 'DIGEST', 'ALGORITHM')?.text.trim() ?? 'none'
    if (hash !== rules.hash)
      return `the ${document.kind} is signed with ${hash}, Mode ${rules.mode} needs ${rules.hash}`
    const bits = document.body.issuedPrincipal?.publicKey?.bits ?? 0
    const allowed = index === 0 ? [rules.keyBits] : rules.mode === 1 ? [1024, 2048] : [2048]
    if (!allowed.some((length) => length === bits))
      return `the key of the ${document.kind} has ${bits} bits, Mode ${rules.mode} needs ${allowed.join(' or ')}`
  }
  return undefined
}
