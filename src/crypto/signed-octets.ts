/** Which bytes a certificate's digest covers, and whether a signature over them is good ([MS-RMPR] 2.2.9.1.12). */
import { constants, createHash, publicDecrypt } from 'node:crypto'
import type { RsaPublicKey } from './keys.js'
import { hashes, type HashName } from './modes.js'
import { blockPrefix } from './signer.js'

/**
 * The digest of text as it stands, in UTF-16LE without byte order mark, whatever encoding the document travels in.
 * @param surface for a certificate, `<BODY …>…</BODY>` with its tags
 */
export function surfaceDigest(surface: string, hash: HashName): Buffer {
  return createHash(hashes[hash].openssl).update(surface, 'utf16le').digest()
}

/**
 * Whether `signature` (big-endian) is the one of `digest` under `publicKey`: the whole encoded block is compared.
 */
export function isSignatureGood(publicKey: RsaPublicKey, digest: Buffer, hash: HashName, signature: Buffer): boolean {
  if (signature.length !== publicKey.bits / 8 || digest.length !== hashes[hash].bytes) return false
  try {
    const block = publicDecrypt({ key: publicKey.key, padding: constants.RSA_NO_PADDING }, signature)
    return block.equals(Buffer.concat([blockPrefix(publicKey, hash), digest]))
  } catch {
    return false // a number above the modulus
  }
}
