/** One document on its own: form, surface, digest, signature, dates, rights and sealed keys. Links and trust need the others. */
import { createHash } from 'node:crypto'
import { hashes, type HashName } from '../crypto/modes.js'
import { outerText, readXml, type XmlElement } from '../xml/read.js'
import { readEnablingBits, type Principal } from '../xrml/body.js'
import { issueRange } from '../xrml/chain.js'
import { readClc } from '../xrml/clc.js'
import { readDocument, type DocumentKind, type XrmlDocument } from '../xrml/document.js'
import { readPl } from '../xrml/pl.js'
import { readRac } from '../xrml/rac.js'
import { readGrants, type Grant } from '../xrml/rights.js'
import { checkSignature } from '../xrml/signature.js'
import { readSpc } from '../xrml/spc.js'
import { addSeconds, formatTime, hasBegun, isWithin, secondsPerDay, type TimeRange } from '../xrml/times.js'
import { readUl } from '../xrml/ul.js'
import type { Check, DocumentExplanation, Party, RightExplanation, SealedExplanation } from './explanation.js'
import { findChange, judgeSurface } from './surface.js'

/** A document that can be read, and what its own text says about it. */
export interface Judged {
  readonly document: XrmlDocument
  readonly form: Check
  readonly surface: DocumentExplanation['surface']
  readonly digest: DocumentExplanation['digest']
  readonly signature: Check
}

/** @throws MalformedXml, MalformedXrml */
export function judge(text: string): Judged {
  const asFound = readDocument(readXml(text))
  const check = checkSignature(asFound)
  const { algorithm, expected, found, ok } = check.digest
  const change = ok || !isHash(algorithm) ? undefined : findChange(asFound, algorithm, expected)
  const why = check.repaired
    ? 'BODY has <X/> in place of <X />; servers here take it for what was signed'
    : change === undefined
      ? undefined
      : `somebody wrote ${change}; without that the digest fits`
  const signatureWhy = check.signature.why ?? `RSA, ${check.document.body.issuer?.publicKey?.bits} bits`
  return {
    document: check.document,
    form: checkForm(check.document),
    surface: judgeSurface(asFound),
    digest: { ok, algorithm, expected, found, repaired: check.repaired, ...(why === undefined ? {} : { why }) },
    signature: { ok: check.signature.ok, why: signatureWhy },
  }
}

function isHash(algorithm: string): algorithm is HashName {
  return Object.hasOwn(hashes, algorithm)
}

const readers: Readonly<Partial<Record<DocumentKind, (document: XrmlDocument) => unknown>>> = {
  SPC: readSpc,
  RAC: readRac,
  CLC: readClc,
  PL: readPl,
  UL: readUl,
}

function checkForm(document: XrmlDocument): Check {
  if (document.kind === 'unknown') {
    return {
      ok: false,
      why: `this is no kind of document that RMS has: BODY is of type "${document.body.type}", DESCRIPTOR of type "${document.body.descriptor?.type ?? ''}"`,
    }
  }
  try {
    readers[document.kind]?.(document)
    return { ok: true }
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) }
  }
}

/**
 * Whether the document holds now. A certificate that others in the file were issued by is not asked for its dates: there, only the
 * time at which it issued counts.
 */
export function checkValidity(document: XrmlDocument, now: Date, isLeaf: boolean): DocumentExplanation['validity'] {
  const { issuedTime } = document.body
  if (issuedTime !== undefined && !hasBegun(issuedTime, now))
    return { ok: false, why: `it was issued ${formatTime(issuedTime)}, and now it is ${formatTime(now)}` }
  const range =
    document.body.validity ?? rightsRange(document) ?? (isIssuing(document) ? issueRange(document) : undefined)
  if (range === undefined) return { ok: true, why: 'it has no dates' }
  const span = { from: formatTime(range.from), until: formatTime(range.until) }
  if (isIssuing(document) && !isLeaf)
    return { ok: true, ...span, why: `may issue from ${span.from} until ${span.until}` }
  const stated = `valid from ${span.from} until ${span.until}`
  return isWithin(range, now)
    ? { ok: true, ...span, why: stated }
    : { ok: false, ...span, why: `${stated}, and now it is ${formatTime(now)}` }
}

function isIssuing({ kind }: XrmlDocument): boolean {
  return kind === 'CLC' || kind === 'SLC' || kind === 'CA'
}

/** From the first to the last moment at which some right of a use license can be used; undefined when one has no end. */
function rightsRange(document: XrmlDocument): TimeRange | undefined {
  if (document.kind !== 'UL') return undefined
  const ranges = readGrants(document.body.work).map((grant) => rangeOf(grant, document.body.issuedTime))
  const bounded = ranges.filter((range) => range !== undefined)
  if (bounded.length === 0 || bounded.length < ranges.length) return undefined
  const earliest = Math.min(...bounded.map(({ from }) => from.getTime()))
  const latest = Math.max(...bounded.map(({ until }) => until.getTime()))
  return { from: new Date(earliest), until: new Date(latest) }
}

function rangeOf({ range, days }: Grant, issued: Date | undefined): TimeRange | undefined {
  if (days === undefined || issued === undefined || days > 1_000_000) return range
  const until = addSeconds(issued, days * secondsPerDay)
  if (range === undefined) return { from: issued, until }
  return { from: range.from, until: until < range.until ? until : range.until }
}

export function checkRights(document: XrmlDocument): DocumentExplanation['rights'] {
  const { kind, body } = document
  if (kind === 'UL' || kind === 'template' || kind === 'rights data') {
    const list = readGrants(body.work).map((grant) => explainGrant(grant, body.issuedTime))
    return list.length > 0 ? { ok: true, list } : { ok: false, list, why: `the ${kind} gives no right to anybody` }
  }
  if (isIssuing(document)) {
    const range = issueRange(document)
    if (range === undefined)
      return { ok: false, list: [], why: `the ${kind} has no right ISSUE with a RANGETIME: it may issue nothing` }
    return { ok: true, list: [{ right: 'ISSUE', from: formatTime(range.from), until: formatTime(range.until) }] }
  }
  return {
    ok: true,
    list: [],
    why:
      kind === 'PL'
        ? `encrypted: only ${body.issuedPrincipal?.object?.name ?? 'its server'} can open them`
        : 'it carries none',
  }
}

export function explainGrant(grant: Grant, issued: Date | undefined): RightExplanation {
  const range = rangeOf(grant, issued)
  const principal = grant.principal.name || grant.principal.id
  return {
    right: grant.right,
    ...(principal === '' ? {} : { principal }),
    ...(range === undefined ? {} : { from: formatTime(range.from), until: formatTime(range.until) }),
  }
}

/** Type and bytes of seals in genuine documents, and what they hold (the lengths are explained in the tests of sealing). */
const knownSeals: Readonly<Record<string, string>> = {
  'sealed-key 192': 'an AES-128 key, to RSA-1024',
  'sealed-key 208': 'an AES-192 or AES-256 key, to RSA-1024',
  'sealed-key 768': 'an RSA-1024 private key, to RSA-1024',
  'sealed-key-v2 336': 'an AES-128 key, to RSA-2048',
  'sealed-key-v2 352': 'an AES-192 or AES-256 key, to RSA-2048',
  'sealed-key-v2 1488': 'an RSA-2048 private key, to RSA-2048',
}

export function listSealed(element: XmlElement): readonly SealedExplanation[] {
  const elements = new Map(findAll(element, 'ENABLINGBITS').map((found) => [outerText(found), found]))
  return [...elements.values()].flatMap((found) => {
    const bits = readEnablingBits(found)
    if (bits === undefined) return []
    const { type, bytes } = { type: bits.type, bytes: bits.bytes.length }
    return [{ type, bytes, holds: knownSeals[`${type} ${bytes}`] ?? 'no seal of a genuine document is like this' }]
  })
}

function findAll(element: XmlElement, name: string): readonly XmlElement[] {
  return element.name === name ? [element] : element.children.flatMap((inner) => findAll(inner, name))
}

export function partyOf(principal: Principal | undefined): Party | undefined {
  if (principal === undefined) return undefined
  const { object, publicKey } = principal
  return {
    type: object?.type ?? '',
    id: object?.id ?? '',
    ...(object?.name === undefined ? {} : { name: object.name }),
    ...(publicKey === undefined ? {} : { bits: publicKey.bits, fingerprint: fingerprint(publicKey.modulus) }),
  }
}

/** @param modulus base64 of the little-endian modulus */
export function fingerprint(modulus: string): string {
  return createHash('sha1').update(Buffer.from(modulus, 'base64').reverse()).digest('hex').slice(0, 10)
}

/** How people call it. */
export function nameOf(party: Party | undefined): string {
  if (party === undefined) return 'nobody'
  const name = party.name || party.id || 'somebody without a name'
  return party.fingerprint === undefined ? name : `${name} (key ${party.fingerprint})`
}
