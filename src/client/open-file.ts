/** Opening a whole protected file. */
import { ContentCipherError, decryptContent } from '../crypto/content-cipher.js'
import type { CipherMode, SymmetricKey } from '../crypto/content-key.js'
import type { XrmlDocument } from '../xrml/document.js'
import { readPfile, type Pfile } from './pfile.js'
import { readPlChain } from './pl-chain.js'
import { verifyLinks, VerificationFailed } from './verify.js'

/** A protected file, not yet opened. */
export interface ProtectedFile {
  readonly pfile: Pfile
  /** PL, and CLC when it was published offline. */
  readonly pl: readonly XrmlDocument[]
}

/**
 * Reads a `.pfile`. Its publishing license is checked as far as it goes; the rest is the server's, who knows its own certificates.
 * @throws PfileError, VerificationFailed
 */
export function readProtectedFile(bytes: Uint8Array): ProtectedFile {
  const pfile = readPfile(bytes)
  return { pfile, pl: verifyLinks(readPlChain(pfile.publishingLicense), 'PL of the file') }
}

/**
 * @param contentKey from the use license
 * @returns the original bytes
 * @throws VerificationFailed when the content does not fit key or size
 */
export function decryptFile(
  { majorVersion, encryptedContent, originalSize }: Pfile,
  { key, cipherMode }: SymmetricKey,
): Buffer {
  // Files of version 2 say ECB in the key and are CBC4K all the same
  const mode = majorVersion < 3 && cipherMode === 'ECB' ? 'CBC4K' : cipherMode
  const plain = decrypt(mode, key, encryptedContent)
  if (originalSize === undefined) return plain
  // Modes without padding fill up the last block; CBC4K gives the exact size
  const filler = plain.length - originalSize
  if (mode === 'CBC4K' ? filler !== 0 : filler < 0 || filler > 15) {
    const sizes = `it has ${plain.length} bytes, the header says ${originalSize}`
    throw new VerificationFailed('content of the file', `${sizes}: the file was cut or changed`)
  }
  return plain.subarray(0, originalSize)
}

function decrypt(mode: CipherMode, key: Buffer, content: Buffer): Buffer {
  try {
    return decryptContent(mode, key, content)
  } catch (error) {
    if (error instanceof ContentCipherError) throw new VerificationFailed('content of the file', error.message, error)
    throw error
  }
}
