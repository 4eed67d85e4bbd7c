/** What an account publishes offline with: CLC chain and opened private key ([MS-RMPR] 2.2.9.6). */
import type { RsaPrivateKey } from '../crypto/keys.js'
import { createSigner, type Signer } from '../crypto/signer.js'
import { isSameId } from '../xrml/body.js'
import { readClc, type Clc } from '../xrml/clc.js'
import type { XrmlDocument } from '../xrml/document.js'
import type { TrustRoot } from '../xrml/lab-hierarchy.js'
import type { Account } from './account.js'
import { openPrivateKey } from './sealed-private-key.js'
import { readable, verifyChainToRoot, VerificationFailed } from './verify.js'

/** A verified CLC with its private key opened. */
export interface Publisher {
  readonly clc: Clc
  /** CLC and the SLC chain of the server that will license what is published. */
  readonly chain: readonly XrmlDocument[]
  readonly key: RsaPrivateKey
  readonly signer: Signer
}

/**
 * Verifies a CLC chain and opens its private key with the account's.
 * @throws VerificationFailed
 */
export async function openPublisher(
  documents: readonly XrmlDocument[],
  account: Account,
  trustRoots: readonly TrustRoot[],
  what = 'CLC',
): Promise<Publisher> {
  const chain = verifyChainToRoot(documents, trustRoots, what)
  const clc = readable(what, () => readClc(chain[0] as XrmlDocument))
  if (!isSameId(clc.account.object, account.rac.account.object)) {
    throw new VerificationFailed(
      what,
      `it was issued to "${clc.account.object?.id}", the RAC is of "${account.rac.account.object?.id}"`,
    )
  }
  const key = await openPrivateKey(account.signer, clc.enablingBits, clc.issuer, clc.account, what)
  return { clc, chain, key, signer: createSigner('openssl', key) }
}
