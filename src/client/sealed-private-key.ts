/** The private key in a RAC or CLC: opened, and proven to be the one that the certificate is about ([MS-RMPR] 2.2.9.1.13). */
import type { RsaPrivateKey } from '../crypto/keys.js'
import { readPrivateKeyBlob } from '../crypto/private-key-blob.js'
import { SealBroken, unseal, type Unsealed } from '../crypto/seal.js'
import type { Signer } from '../crypto/signer.js'
import type { EnablingBitsField, Principal } from '../xrml/body.js'
import { readable, VerificationFailed } from './verify.js'

/**
 * @param opener machine key for a RAC, account key for a CLC
 * @param issuer of the certificate: the seal is tied to its literal text
 * @param owner the principal whose private key this must be
 * @throws VerificationFailed
 */
export async function openPrivateKey(
  opener: Signer,
  enablingBits: EnablingBitsField,
  issuer: Principal,
  owner: Principal,
  what: string,
): Promise<RsaPrivateKey> {
  const unsealed = await openSeal(opener, enablingBits, issuer.source, what)
  const key = readable(what, () => readPrivateKeyBlob(unsealed.payload))
  if (key.publicKey.modulus !== owner.publicKey?.modulus) {
    throw new VerificationFailed(what, 'the private key inside does not belong to its public key')
  }
  return key
}

/** Opens sealed bits and checks the document they are tied to. */
export async function openSeal(
  opener: Signer,
  enablingBits: EnablingBitsField,
  sealedTo: string,
  what: string,
): Promise<Unsealed> {
  const unsealed = await unseal(opener, enablingBits.type, enablingBits.bytes).catch((error: unknown) => {
    if (error instanceof SealBroken) throw new VerificationFailed(what, error.message, error)
    throw error
  })
  if (!unsealed.belongsTo(sealedTo))
    throw new VerificationFailed(what, 'the sealed key inside was made for another document')
  return unsealed
}
