/** Who issued whom: the links between the documents of a file, and where its chains lead. */
import { checkLink, splitChains } from '../xrml/chain.js'
import type { XrmlDocument } from '../xrml/document.js'
import type { TrustRoot } from '../xrml/lab-hierarchy.js'
import type { ChainTrust, DocumentExplanation, Party } from './explanation.js'
import { fingerprint, nameOf, partyOf } from './judge-document.js'

/** The production root of Microsoft signs every genuine server; it is nowhere in a chain. */
const microsoftRoot = '0b5a084251'

/**
 * The chains of a file, as places in `documents`. A chain whose issuer stands elsewhere in the file goes on there: clients store the
 * certificates above a CLC only once.
 */
export function findChains(documents: readonly XrmlDocument[]): readonly (readonly number[])[] {
  return splitChains(documents).map((chain) => {
    const places = chain.map((document) => documents.indexOf(document))
    for (;;) {
      const next = issuerOf(documents, documents[places.at(-1) ?? -1])
      if (next === undefined || places.includes(next)) return places
      places.push(next)
    }
  })
}

function issuerOf(documents: readonly XrmlDocument[], document: XrmlDocument | undefined): number | undefined {
  const modulus = document?.body.issuer?.publicKey?.modulus
  if (modulus === undefined) return undefined
  const place = documents.findIndex((candidate) => isIssuing(candidate) && modulusOf(candidate) === modulus)
  return place < 0 ? undefined : place
}

/** @param parent the document behind this one in its chain */
export function judgeLink(
  document: XrmlDocument,
  parent: { readonly document: XrmlDocument; readonly number: number } | undefined,
  trustRoots: readonly TrustRoot[],
  others: readonly XrmlDocument[],
): DocumentExplanation['link'] {
  const issuer = partyOf(document.body.issuer)
  if (parent !== undefined) {
    const { ok, why } = checkLink(document, parent.document)
    const between = certificateBetween(document, parent.document, others)
    if (ok && between !== undefined) {
      return {
        ok: false,
        document: parent.number,
        why: `it was issued by ${nameOf(issuer)}, whose certificate is document ${parent.number}: the ${between.kind} of ${nameOf(partyOf(between.body.issuedPrincipal))} stands between, and a chain has each certificate right behind what it issued`,
      }
    }
    return { ok, document: parent.number, why: why ?? `issued by ${nameOf(issuer)}` }
  }
  if (issuer === undefined) return { ok: null, why: 'it names no issuer' }
  const root = pinnedRoot(document, trustRoots)
  if (root !== undefined) {
    if (document.kind === 'CA') return { ok: true, why: `issued by the pinned root ${root.name}` }
    return { ok: false, why: `the root ${root.name} issues CA certificates, not a ${document.kind}` }
  }
  const namesake = others.find((other) => other !== document && isCertificateOf(other, issuer))
  if (namesake !== undefined) {
    return {
      ok: false,
      why: `its issuer is ${nameOf(issuer)}, the certificate of that name in the file is for another key, ${nameOf(partyOf(namesake.body.issuedPrincipal))}`,
    }
  }
  if (isIssuedByRoot(document, issuer))
    return { ok: null, why: `issued by ${nameOf(issuer)}; a root is never in the file` }
  return { ok: null, why: `the certificate of its issuer ${nameOf(issuer)} is not in the file` }
}

/** The first of the certificates that stand between a document and its issuer's, when these belong to the same chain and are in a wrong order. */
function certificateBetween(
  document: XrmlDocument,
  parent: XrmlDocument,
  others: readonly XrmlDocument[],
): XrmlDocument | undefined {
  const [from, to] = [others.indexOf(document) + 1, others.indexOf(parent)]
  const between = others.slice(from, Math.max(from, to))
  // A document that issues nothing begins a chain of its own; one that the parent issued may share it.
  if (!between.every(isIssuing) || between.at(-1)?.body.issuer?.publicKey?.modulus === modulusOf(parent))
    return undefined
  return between[0]
}

function isIssuing({ kind }: XrmlDocument): boolean {
  return kind === 'CLC' || kind === 'SLC' || kind === 'CA'
}

function modulusOf(certificate: XrmlDocument): string | undefined {
  return certificate.body.issuedPrincipal?.publicKey?.modulus
}

function isCertificateOf(other: XrmlDocument, issuer: Party): boolean {
  return isIssuing(other) && other.body.issuedPrincipal?.object?.id.toLowerCase() === issuer.id.toLowerCase()
}

function pinnedRoot(document: XrmlDocument, trustRoots: readonly TrustRoot[]): TrustRoot | undefined {
  return trustRoots.find((root) => root.publicKey.modulus === document.body.issuer?.publicKey?.modulus)
}

/**
 * Whether a chain can be relied on: every document of it verifies, every link holds, and the last issuer is a pinned root.
 * @param chain the judged documents, leaf first
 */
export function judgeChain(
  chain: readonly { readonly explanation: DocumentExplanation; readonly document: XrmlDocument }[],
  trustRoots: readonly TrustRoot[],
): ChainTrust {
  const documents = chain.map(({ explanation }) => explanation.number)
  const last = chain.at(-1)?.document
  const issuer = partyOf(last?.body.issuer)
  const root = last === undefined ? undefined : pinnedRoot(last, trustRoots)
  const end = root !== undefined ? { root: root.name } : endOf(last, issuer)
  const bad = chain.find(
    ({ explanation }) =>
      !explanation.form.ok || !explanation.digest.ok || !explanation.signature.ok || explanation.link.ok === false,
  )
  if (bad !== undefined) {
    const { number, kind } = bad.explanation
    return {
      ok: false,
      documents,
      ...end,
      why: `document ${number} (${kind}) is not good, so nothing that rests on it can be trusted`,
    }
  }
  if (root !== undefined)
    return {
      ok: true,
      documents,
      ...end,
      why: `leads to the pinned root ${root.name} (key ${fingerprint(root.publicKey.modulus)})`,
    }
  return { ok: false, documents, ...end, why: whyNotTrusted(last, issuer, trustRoots) }
}

function endOf(last: XrmlDocument | undefined, issuer: Party | undefined): Pick<ChainTrust, 'foreignRoot' | 'missing'> {
  if (issuer === undefined) return {}
  return isIssuedByRoot(last, issuer) ? { foreignRoot: issuer } : { missing: issuer }
}

/** Nothing in a certificate says that its issuer is a root; roots are called so. */
function isIssuedByRoot(last: XrmlDocument | undefined, issuer: Party): boolean {
  return (
    last?.kind === 'CA' && issuer.type === 'DRM-Certificate-Authority' && /\broot\b/i.test(issuer.name ?? issuer.id)
  )
}

function whyNotTrusted(
  last: XrmlDocument | undefined,
  issuer: Party | undefined,
  trustRoots: readonly TrustRoot[],
): string {
  if (issuer === undefined) return 'it names no issuer, so it leads nowhere'
  const pinned =
    trustRoots.map((root) => `${root.name} (key ${fingerprint(root.publicKey.modulus)})`).join(', ') || 'nothing'
  if (!isIssuedByRoot(last, issuer))
    return `the chain ends before its root: the certificate of ${nameOf(issuer)} is missing; add it and the certificates above it`
  if (issuer.fingerprint === microsoftRoot) {
    return `it leads to ${nameOf(issuer)}: this is the genuine root of Microsoft. Nothing is wrong with that, it is only not pinned here; pinned is ${pinned}`
  }
  const namesake = trustRoots.some((root) => root.name === issuer.name)
  return `it leads to ${nameOf(issuer)}, ${namesake ? 'which has the name of a pinned root but another key' : 'which is not pinned'}; pinned is ${pinned}`
}
