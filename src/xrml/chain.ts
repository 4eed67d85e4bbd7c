/**
 * Chains of certificates: leaf first, each followed by its issuer, the root never included ([MS-RMPR] 2.2.9.2). What is judged here needs no
 * configuration; whom to trust is policy.
 */
import { recentMap } from '../recent.js'
import { childrenNamed, descend } from '../xml/read.js'
import { isSameId, type Principal } from './body.js'
import type { DocumentKind, XrmlDocument } from './document.js'
import { checkSignature, type SignatureCheck } from './signature.js'
import { formatTime, isWithin, readRange, type TimeRange } from './times.js'

export interface LinkCheck {
  readonly ok: boolean
  /** What does not fit, with both values. */
  readonly why?: string
}

export interface ChainCheck {
  /** One for each document, in order; `document` is the one to go on with. */
  readonly signatures: readonly SignatureCheck[]
  /** Link i leads from document i to document i + 1. */
  readonly links: readonly LinkCheck[]
  readonly documents: readonly XrmlDocument[]
  readonly ok: boolean
  /** The first thing that is wrong, for people. */
  readonly why: string | undefined
}

export function checkChain(chain: readonly XrmlDocument[]): ChainCheck {
  const [leaf] = chain
  const before = leaf === undefined ? undefined : goodChains.get(leaf)
  if (
    before !== undefined &&
    before.chain.length === chain.length &&
    chain.every((document, index) => document === before.chain[index])
  )
    return before.check
  const check = checkWhole(chain)
  if (check.ok && leaf !== undefined)
    goodChains.set(
      leaf,
      { chain, check },
      chain.reduce((sum, { text }) => sum + text.length, 0),
    )
  return check
}

/** In characters. A small leaf may come with large certificates, which are kept with it. */
const mostText = 1.5 * 2 ** 20
/** The last good chain of each leaf: nothing in its check depends on the time. */
const goodChains = recentMap<XrmlDocument, { readonly chain: readonly XrmlDocument[]; readonly check: ChainCheck }>(
  mostText,
)

function checkWhole(chain: readonly XrmlDocument[]): ChainCheck {
  const signatures = chain.map(checkSignature)
  const documents = signatures.map((check) => check.document)
  const links = documents.slice(1).map((parent, index) => checkLink(documents[index] as XrmlDocument, parent))
  const why = firstProblem(signatures, links)
  return { signatures, links, documents, ok: why === undefined, why }
}

/** Cuts a file's documents into chains: a new one begins with each document that never issues another. */
export function splitChains(documents: readonly XrmlDocument[]): readonly (readonly XrmlDocument[])[] {
  const chains: XrmlDocument[][] = []
  for (const document of documents) {
    const current = chains.at(-1)
    const previous = current?.at(-1)
    const continues = previous !== undefined && canIssue(document) && hasIssuerKey(previous, document)
    if (current !== undefined && continues) current.push(document)
    else chains.push([document])
  }
  return chains
}

/** Whether `parent` is the certificate of the key that signed `child`, and may have issued it. */
export function checkLink(child: XrmlDocument, parent: XrmlDocument): LinkCheck {
  const issuer = child.body.issuer
  const principal = parent.body.issuedPrincipal
  if (!hasIssuerKey(child, parent))
    return { ok: false, why: `the key in the ISSUER of the ${child.kind} is not that of the ${parent.kind} behind it` }
  if (!isSameId(issuer?.object, principal?.object)) {
    return {
      ok: false,
      why: `the ISSUER of the ${child.kind} is "${issuer?.object?.id}", the ${parent.kind} behind it is of "${principal?.object?.id}"`,
    }
  }
  if (!mayIssue(parent, child))
    return {
      ok: false,
      why: `a ${parent.kind} of a ${principal?.object?.type || 'principal without type'} may not issue a ${child.kind}`,
    }
  return checkIssuedTime(child, issueRange(parent))
}

/** The RANGETIME of the ISSUE right; undefined when the certificate has none. */
export function issueRange(document: XrmlDocument): TimeRange | undefined {
  const rights = childrenNamed(descend(document.body.work, 'RIGHTSGROUP', 'RIGHTSLIST'), 'RIGHT')
  const issue = rights.find((right) => right.attributes.name === 'ISSUE')
  return readRange(descend(issue, 'CONDITIONLIST', 'TIME', 'RANGETIME'))
}

/**
 * A certificate counts when it was issued while its issuer might issue ([MS-RMPR] 2.2.9.3): not "now", as licenses of 2015 under certificates
 * that ended in 2014 prove.
 */
function checkIssuedTime(child: XrmlDocument, range: TimeRange | undefined): LinkCheck {
  const issued = child.body.issuedTime
  if (range === undefined)
    return { ok: false, why: `the issuer of the ${child.kind} has no right ISSUE with a RANGETIME` }
  if (issued === undefined) return { ok: false, why: `the ${child.kind} has no ISSUEDTIME` }
  if (isWithin(range, issued)) return { ok: true }
  const span = `${formatTime(range.from)} to ${formatTime(range.until)}`
  return { ok: false, why: `the ${child.kind} was issued ${formatTime(issued)}, its issuer may issue from ${span}` }
}

function hasIssuerKey(child: XrmlDocument, parent: XrmlDocument): boolean {
  const modulus = child.body.issuer?.publicKey?.modulus
  return modulus !== undefined && modulus === parent.body.issuedPrincipal?.publicKey?.modulus
}

function canIssue(document: XrmlDocument): boolean {
  return ['CLC', 'SLC', 'CA'].includes(document.kind)
}

const authority = 'DRM-Certificate-Authority'
const machineAuthority = 'DRM-Desktop-Security-Processor-Certificate-Authority'
const machineIssuer = 'MS-DRM-Desktop-Security-Processor'
const server = 'MS-DRM-Server'
const account = 'Group-Identity'

/** Kind of the issuing certificate and type of its principal, for each kind of document ([MS-RMPR] 2.2.9.2, 2.2.9.3). */
const issuers: Readonly<Record<DocumentKind, readonly (readonly [DocumentKind, string])[]>> = {
  CA: [['CA', authority]],
  SLC: [
    ['CA', authority],
    ['CA', machineAuthority],
    ['SLC', server],
  ],
  // A server may be the issuer of a version 1 machine certificate.
  SPC: [
    ['SLC', machineIssuer],
    ['SLC', server],
  ],
  RAC: [['SLC', server]],
  CLC: [['SLC', server]],
  template: [['SLC', server]],
  PL: [
    ['CLC', account],
    ['SLC', server],
  ],
  UL: [
    ['CLC', account],
    ['SLC', server],
  ],
  'rights data': [],
  unknown: [],
}

function mayIssue(parent: XrmlDocument, child: XrmlDocument): boolean {
  const type = principalType(parent.body.issuedPrincipal)
  return issuers[child.kind].some(([kind, principal]) => kind === parent.kind && principal === type)
}

function principalType(principal: Principal | undefined): string {
  return principal?.object?.type ?? ''
}

function firstProblem(signatures: readonly SignatureCheck[], links: readonly LinkCheck[]): string | undefined {
  for (const [index, check] of signatures.entries()) {
    const name = `document ${index + 1} (${check.document.kind})`
    if (!check.digest.ok)
      return `${name}: the digest of BODY is ${check.digest.found}, DIGEST says ${check.digest.expected}`
    if (!check.signature.ok) return `${name}: ${check.signature.why}`
    const link = links[index]
    if (link !== undefined && !link.ok) return `${name}: ${link.why}`
  }
  return signatures.length === 0 ? 'there is no document' : undefined
}
