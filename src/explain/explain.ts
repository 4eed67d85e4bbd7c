/** Says of any document or chain of RMS whether it is good, and if not, what is the first thing that is wrong with it. */
import type { TrustRoot } from '../xrml/lab-hierarchy.js'
import { formatTime } from '../xrml/times.js'
import {
  notRead,
  type ChainTrust,
  type Check,
  type CheckName,
  type DocumentExplanation,
  type Explanation,
  type PolicyExplanation,
  type Problem,
} from './explanation.js'
import { findDocuments } from './find-documents.js'
import { checkRights, checkValidity, judge, listSealed, partyOf, type Judged } from './judge-document.js'
import { findChains, judgeChain, judgeLink } from './trust.js'

export interface ExplainOptions {
  /** Roots that are trusted: those of the lab, both modes. */
  readonly trustRoots: readonly TrustRoot[]
  readonly now: Date
  /** XrML documents that may stand above those of the file: a publishing license has the chain of its server at the server only. */
  readonly certificates?: readonly string[]
  /** What is encrypted in publishing licenses, by their text, for who could open it. */
  readonly policies?: ReadonlyMap<string, PolicyExplanation>
}

const noPolicies: ReadonlyMap<string, PolicyExplanation> = new Map()

/** A document that could not be read, or one that could. */
type Found =
  | { readonly number: number; readonly text: string; readonly judged: Judged }
  | { readonly number: number; readonly why: string }

/**
 * Every document is judged, also behind a bad one; trust is judged chain by chain.
 * @param bytes a document or chain in UTF-8, UTF-16LE, base64 or escaped; a SOAP message; a protected file that has its license inside
 * @throws RangeError when there is more than can be looked at
 */
export function explain(
  bytes: Uint8Array,
  { trustRoots, now, certificates = [], policies = noPolicies }: ExplainOptions,
): Explanation {
  const found = [...findDocuments(bytes), ...certificates].map((text, index): Found => tryJudge(text, index + 1))
  const readable = found.filter((one) => 'judged' in one)
  const sources = readable.map(({ judged }) => judged.document)
  const chains = findChains(sources)

  const explained = new Map<number, DocumentExplanation>()
  for (const [place, { judged, number, text }] of readable.entries()) {
    const parentPlace = parentOf(place, chains)
    const parent = parentPlace === undefined ? undefined : readable[parentPlace]
    const link = judgeLink(
      judged.document,
      parent === undefined ? undefined : { document: parent.judged.document, number: parent.number },
      trustRoots,
      sources,
    )
    const isLeaf = !chains.some((chain) => chain.indexOf(place) > 0)
    explained.set(number, explainDocument(number, judged, link, { now, isLeaf, policy: policies.get(text) }))
  }
  const documents = found.map((one) => explained.get(one.number) ?? unreadable(one.number, 'why' in one ? one.why : ''))
  const chainTrust = chains.map((chain) => {
    const members = chain.flatMap((place) => {
      const [document, one] = [sources[place], readable[place]]
      const explanation = one === undefined ? undefined : explained.get(one.number)
      return document === undefined || explanation === undefined ? [] : [{ document, explanation }]
    })
    return judgeChain(members, trustRoots)
  })
  const trust = { ...overallTrust(documents, chainTrust), chains: chainTrust }
  const firstProblem = findFirstProblem(documents, trust)
  return { documents, trust, ...(firstProblem === undefined ? {} : { firstProblem }) }
}

function tryJudge(text: string, number: number): Found {
  try {
    return { number, text, judged: judge(text) }
  } catch (error) {
    return { number, why: error instanceof Error ? error.message : String(error) }
  }
}

/** The place behind a document in the first chain that it is in. */
function parentOf(place: number, chains: readonly (readonly number[])[]): number | undefined {
  const chain = chains.find((candidate) => candidate.includes(place))
  return chain?.[chain.indexOf(place) + 1]
}

function explainDocument(
  number: number,
  judged: Judged,
  link: DocumentExplanation['link'],
  at: { readonly now: Date; readonly isLeaf: boolean; readonly policy: PolicyExplanation | undefined },
): DocumentExplanation {
  const { document, form, surface, digest, signature } = judged
  const { issuedTime, issuer, issuedPrincipal } = document.body
  const validity = checkValidity(document, at.now, at.isLeaf)
  const rights = checkRights(document)
  return {
    number,
    kind: document.kind,
    ...optional('issuedTime', issuedTime === undefined ? undefined : formatTime(issuedTime)),
    ...optional('issuer', partyOf(issuer)),
    ...optional('subject', partyOf(issuedPrincipal)),
    form,
    surface,
    digest,
    signature,
    link,
    validity,
    rights,
    sealed: listSealed(document.body.element),
    ...optional('policy', at.policy),
    ok: form.ok && digest.ok && signature.ok && link.ok !== false && validity.ok && rights.ok,
  }
}

function optional<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Partial<Record<K, V>>)
}

function unreadable(number: number, why: string): DocumentExplanation {
  const unknown = { ok: false, why: 'the document cannot be read' }
  return {
    number,
    kind: 'unknown',
    form: { ok: false, why },
    surface: { ok: false, maker: notRead, notes: [] },
    digest: { ...unknown, algorithm: '', expected: '', found: '', repaired: false },
    signature: unknown,
    link: { ok: null, why: unknown.why },
    validity: unknown,
    rights: { ...unknown, list: [] },
    sealed: [],
    ok: false,
  }
}

function overallTrust(documents: readonly DocumentExplanation[], chains: readonly ChainTrust[]): Check {
  const bad = chains.find((chain) => !chain.ok)
  if (documents.length === 0) return { ok: false, why: 'there is no XrML document in it' }
  if (bad !== undefined) return { ok: false, why: bad.why ?? '' }
  const broken = documents.find((document) => !chains.some((chain) => chain.documents.includes(document.number)))
  if (broken !== undefined) return { ok: false, why: `document ${broken.number} cannot be read` }
  return { ok: true, why: [...new Set(chains.map((chain) => chain.why ?? ''))].join('; ') }
}

/** What verifies comes first, for every document; then trust; then what time and rights say. */
function findFirstProblem(documents: readonly DocumentExplanation[], trust: Explanation['trust']): Problem | undefined {
  if (documents.length === 0) return { check: 'form', why: trust.why ?? '' }
  const problemOf = (checks: readonly CheckName[]): Problem | undefined =>
    documents.flatMap((document) => problems(document, checks))[0]
  return (
    problemOf(['form', 'digest', 'signature', 'link']) ??
    trustProblem(documents, trust) ??
    problemOf(['validity', 'rights'])
  )
}

function problems(document: DocumentExplanation, checks: readonly CheckName[]): readonly Problem[] {
  const { number, kind, digest } = document
  return checks.flatMap((check): readonly Problem[] => {
    if (check === 'trust' || document[check].ok !== false) return []
    if (check !== 'digest') return [{ document: number, kind, check, why: document[check].why ?? '' }]
    // An unsigned document has no digest to compare with: its missing SIGNATURE is what is wrong.
    if (digest.expected === '' && digest.algorithm === '') return []
    const why = digest.why ?? 'the text of BODY is not the one that was signed'
    return [{ document: number, kind, check, why, expected: digest.expected, found: digest.found }]
  })
}

function trustProblem(documents: readonly DocumentExplanation[], trust: Explanation['trust']): Problem | undefined {
  if (trust.ok) return undefined
  const leaf = trust.chains.find((chain) => !chain.ok)?.documents[0]
  const kind = documents.find((document) => document.number === leaf)?.kind
  return { ...optional('document', leaf), ...optional('kind', kind), check: 'trust', why: trust.why ?? '' }
}
