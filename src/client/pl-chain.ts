/** The publishing license of a file: PL alone, or with its CLC ([MS-RMPR] 2.2.9.2). */
import { splitChains } from '../xrml/chain.js'
import { decodeDocuments, readDocuments, type XrmlDocument } from '../xrml/document.js'
import { readable, VerificationFailed } from './verify.js'

/**
 * Finds the PL chain in what a file or message carries; an owner's license behind it is left out.
 * @param source text, or bytes in UTF-8 or UTF-16LE
 * @returns leaf first
 * @throws VerificationFailed when it does not begin with a PL
 */
export function readPlChain(source: string | Uint8Array): readonly XrmlDocument[] {
  const bytes = typeof source === 'string' ? Buffer.from(source) : source
  const documents = readable('PL', () => readDocuments(decodeText(bytes)))
  const [chain] = splitChains(documents)
  if (chain?.[0]?.kind !== 'PL')
    throw new VerificationFailed('PL', `the first document is a ${chain?.[0]?.kind ?? 'missing one'}, not a PL`)
  return chain
}

function decodeText(bytes: Uint8Array): string {
  try {
    return decodeDocuments(bytes)
  } catch (error) {
    if (error instanceof TypeError) throw new VerificationFailed('PL', 'its text is neither UTF-8 nor UTF-16LE', error)
    throw error
  }
}
