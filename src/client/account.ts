/** The account of a user on a machine: RAC chain and opened private key ([MS-RMPR] 2.2.9.5). */
import type { RsaPrivateKey } from '../crypto/keys.js'
import { createSigner, type Signer } from '../crypto/signer.js'
import { isSameId } from '../xrml/body.js'
import type { XrmlDocument } from '../xrml/document.js'
import type { TrustRoot } from '../xrml/lab-hierarchy.js'
import { readRac, type Rac } from '../xrml/rac.js'
import type { Machine } from './machine.js'
import { openPrivateKey } from './sealed-private-key.js'
import { readable, verifyChainToRoot, VerificationFailed } from './verify.js'

/** A verified RAC with its private key opened: what a user acquires and opens licenses with. */
export interface Account {
  readonly rac: Rac
  /** RAC and the SLC chain of the server that issued it. */
  readonly chain: readonly XrmlDocument[]
  readonly key: RsaPrivateKey
  /** Opens what is sealed to the account. */
  readonly signer: Signer
  /** Mail address as the directory has it. */
  readonly mail: string
}

/**
 * Verifies a RAC chain and opens its private key with the machine's.
 * @throws VerificationFailed
 */
export async function openAccount(
  documents: readonly XrmlDocument[],
  machine: Machine,
  trustRoots: readonly TrustRoot[],
  what = 'RAC',
): Promise<Account> {
  const chain = verifyChainToRoot(documents, trustRoots, what)
  const rac = readable(what, () => readRac(chain[0] as XrmlDocument))
  if (rac.enablingBits === undefined) throw new VerificationFailed(what, 'it holds no private key')
  if (!isSameId(rac.machine?.object, machine.chain[0]?.body.issuedPrincipal?.object)) {
    throw new VerificationFailed(what, `it was issued for machine "${rac.machine?.object?.id}", not for this one`)
  }
  const key = await openPrivateKey(
    createSigner('openssl', machine.key),
    rac.enablingBits,
    rac.issuer,
    rac.account,
    what,
  )
  return { rac, chain, key, signer: createSigner('openssl', key), mail: rac.account.object?.name?.trim() ?? '' }
}
