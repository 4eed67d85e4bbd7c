/** Nothing from a server or a file is used before it has been verified here ([MS-RMPR] 2.2.9.1.12, 2.2.9.2). */
import { MalformedXrml } from '../xrml/body.js'
import { checkChain } from '../xrml/chain.js'
import { readOneDocument, type DocumentKind, type XrmlDocument } from '../xrml/document.js'
import type { TrustRoot } from '../xrml/lab-hierarchy.js'
import { MalformedXml } from '../xml/read.js'

/** A certificate or license that must not be used. */
export class VerificationFailed extends Error {
  override readonly name = 'VerificationFailed'
  /** Which one, in words: `RAC from http://…`. */
  readonly document: string
  readonly why: string

  constructor(document: string, why: string, cause?: unknown) {
    super(`The ${document} is not accepted: ${why}`, { cause })
    this.document = document
    this.why = why
  }
}

/** The longest genuine chain has six documents; the bound keeps a hostile answer from costing thousands of signature checks. */
const maximumChain = 20

/**
 * Reads the documents of a chain, leaf first.
 * @param texts one document each
 * @param what names the leaf for people
 * @throws VerificationFailed when there is none, one cannot be read, or the leaf is of another kind
 */
export function readChain(texts: readonly string[], kind: DocumentKind, what: string): readonly XrmlDocument[] {
  if (texts.length > maximumChain) {
    throw new VerificationFailed(what, `its chain has ${texts.length} documents, at most ${maximumChain} are read`)
  }
  const documents = readable(what, () => texts.map((text) => readOneDocument(text)))
  const [leaf] = documents
  if (leaf === undefined) throw new VerificationFailed(what, 'the answer holds no document')
  if (leaf.kind !== kind)
    throw new VerificationFailed(what, `the first document of the chain is a ${leaf.kind}, not a ${kind}`)
  return documents
}

/** Runs a reader of documents; what it cannot read is not accepted. */
export function readable<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof MalformedXml || error instanceof MalformedXrml || error instanceof RangeError) {
      throw new VerificationFailed(what, error.message, error)
    }
    throw error
  }
}

/**
 * Checks every digest, signature and link of a chain, and that the last issuer is one of the pinned roots.
 * @param documents leaf first, the root itself not among them
 * @param what names the leaf for people; its kind unless told
 * @returns the documents to go on with: repaired ones where a SOAP stack on the way had printed them anew
 * @throws VerificationFailed
 */
export function verifyChainToRoot(
  documents: readonly XrmlDocument[],
  trustRoot: TrustRoot | readonly TrustRoot[],
  what: string = documents[0]?.kind ?? 'chain',
): readonly XrmlDocument[] {
  const verified = verifyLinks(documents, what)
  const roots: readonly TrustRoot[] = 'publicKey' in trustRoot ? [trustRoot] : trustRoot
  const issuer = verified.at(-1)?.body.issuer
  if (!roots.some((root) => root.publicKey.modulus === issuer?.publicKey?.modulus)) {
    const pinned = roots.map((root) => `"${root.name}"`).join(' or ')
    throw new VerificationFailed(
      what,
      `its chain ends at "${issuer?.object?.id ?? ''}", whose key is not that of ${pinned}`,
    )
  }
  return verified
}

/** The same without a root: for what a file carries, whose chain is only completed by the server that made it. */
export function verifyLinks(
  documents: readonly XrmlDocument[],
  what: string = documents[0]?.kind ?? 'chain',
): readonly XrmlDocument[] {
  const check = checkChain(documents)
  if (!check.ok) throw new VerificationFailed(what, check.why ?? 'unknown')
  return check.documents
}

/**
 * Verifies one document that a server sent without its chain.
 * @param slcChain of that server, already verified
 * @throws VerificationFailed
 */
export function verifyIssuedBy(slcChain: readonly XrmlDocument[], document: XrmlDocument, what: string): XrmlDocument {
  // Only the new link is left to check: the chain above was verified when it came
  const [verified] = verifyLinks([document, ...slcChain.slice(0, 1)], what)
  return verified ?? document
}
