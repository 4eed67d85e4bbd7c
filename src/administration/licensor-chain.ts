/** An SLC with its chain, as another installation hands it over: judged before it is trusted. */
import { MalformedXml } from '../xml/read.js'
import { MalformedXrml, type Principal } from '../xrml/body.js'
import { checkChain } from '../xrml/chain.js'
import { readDocuments, type XrmlDocument } from '../xrml/document.js'
import { problem } from './problem.js'

export interface LicensorChain {
  readonly documents: readonly XrmlDocument[]
  readonly principal: Principal
  /** Modulus of the SLC. */
  readonly publicKey: string
}

const longestChain = 20

/** Runs a reader; what it cannot read is the caller's mistake. */
export function reading<Result>(what: string, read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (error instanceof MalformedXml || error instanceof MalformedXrml || error instanceof RangeError)
      return problem(400, `${what} cannot be read: ${error.message}`)
    throw error
  }
}

/**
 * Every digest, signature and link must hold. The chain need not lead to the lab's root: whom to trust is the administrator's decision.
 * @throws Problem 400
 */
export function requireLicensorChain(read: () => readonly XrmlDocument[]): LicensorChain {
  const documents = reading('The certificate', read)
  if (documents.length > longestChain)
    problem(400, `The chain has ${documents.length} documents, at most ${longestChain} are taken`)
  const [slc] = documents
  if (slc?.kind !== 'SLC' || slc.body.issuedPrincipal?.object?.type !== 'MS-DRM-Server') {
    problem(
      400,
      `The first document is ${slc === undefined ? 'missing' : `a ${slc.kind}`}: it must be the SLC of a server`,
    )
  }
  const check = reading('The certificate', () => checkChain(documents))
  if (!check.ok) problem(400, `The chain does not hold together: ${check.why ?? ''}`)
  const principal = check.documents[0]?.body.issuedPrincipal
  const publicKey = principal?.publicKey?.modulus
  if (principal === undefined || publicKey === undefined) return problem(400, 'The SLC has no RSA key')
  return { documents: check.documents, principal, publicKey }
}

/**
 * Modulus of an SLC.
 * @param certificate XrML documents, leaf first
 * @throws Problem 400 when they do not hold
 */
export function licensorKeyOfChain(certificate: string): string {
  return requireLicensorChain(() => readDocuments(certificate)).publicKey
}
