/**
 * Whether an answer to an attack is acceptable. A refusal must be a 4xx or a SOAP fault with one of the exceptions we know. A 200 is acceptable only
 * when it gives nothing that an honest request would not have got: the table of that is made from unchanged requests beforehand.
 */
import { exceptions } from '../../src/exceptions.js'
import { readFault } from '../../src/soap/fault.js'
import { readEnvelope } from '../../src/soap/envelope.js'
import { child, descend, outerText, readXml, type XmlElement } from '../../src/xml/read.js'
import { readObject } from '../../src/xrml/body.js'
import { readDocument, type XrmlDocument } from '../../src/xrml/document.js'
import { readRac } from '../../src/xrml/rac.js'
import { readUl } from '../../src/xrml/ul.js'
import type { RawAnswer } from '../conformance/raw-http.js'
import type { Attack } from './attacks.js'
import type { Material } from './material.js'

/** Account key and content, and the rights that an honest request gets. */
export type Allowed = Map<string, string>

export interface Rules {
  readonly allowed: Allowed
  readonly accountKeys: Material['accountKeys']
  readonly machineIds: Material['machineIds']
  /** BODY of every document there is, as `surfaceOf` has it. */
  readonly knownBodies: ReadonlySet<string>
  /** Of the server that signs. */
  readonly issuerKey: string
}

const exceptionNames = new Set<string>(Object.values(exceptions).map(({ name }) => name))

/** Why the answer is not acceptable; undefined when it is. */
export function objection(attack: Attack, answer: RawAnswer, rules: Rules): string | undefined {
  const { status, body } = answer
  if (status >= 400 && status < 500) return undefined
  // Node's HTTP parser on a header section that is too large for it, an HTTP version or an expectation it does not know
  if (status === 505 && attack.kind === 'request line') return undefined
  if (status === 100) return undefined
  if (status === 500) return objectionToFault(body)
  if (status !== 200) return `HTTP ${status}`
  if (attack.kind === 'request line' && !body.includes('Envelope')) return undefined
  if (attack.user === undefined) return 'served without credentials'
  return objectionToSuccess(attack, body, rules)
}

function objectionToFault(body: string): string | undefined {
  const fault = attempt(() => readFault(readEnvelope(body).body))
  if (fault === undefined) return 'HTTP 500 without a SOAP fault'
  if (/node:|\.js:|\bat \w+ \(|\/src\/|Error:/.test(fault.text))
    return `the fault tells of the inside: ${fault.text.slice(0, 200)}`
  if (['Client', 'Sender', 'MustUnderstand', 'VersionMismatch'].includes(fault.code)) return undefined
  const name = fault.text.split(':')[0] ?? ''
  return exceptionNames.has(name) ? undefined : `an exception that no table has: ${fault.text.slice(0, 200)}`
}

/** Operations whose documents are all signed: what they were given must be as it was issued. */
const signedOnly = [
  'AcquireLicenseResponse',
  'AcquirePreLicenseResponse',
  'CertifyResponse',
  'GetClientLicensorCertResponse',
]

/** Texts between BODY tags; `<X/>` counts as `<X />`, because servers repair that. */
export function surfaceOf(text: string): readonly string[] {
  return (text.match(/<BODY[ >].*?<\/BODY>/gs) ?? []).map((body) => body.replaceAll(/\s*\/>/g, '/>'))
}

function isChanged(bytes: Buffer, { knownBodies }: Rules): boolean {
  return surfaceOf(bytes.toString('utf8')).some((body) => !knownBodies.has(body))
}

function objectionToSuccess({ user, bytes }: Attack, body: string, rules: Rules): string | undefined {
  const message = attempt(() => readEnvelope(body))
  if (message === undefined) return '200 that is no SOAP message'
  const { name } = message.body
  const documents = documentsIn(message.body)
  const leaves = documents.filter(({ kind }) => kind !== 'SLC' && kind !== 'CA')
  if (leaves.some((leaf) => leaf.body.issuer?.publicKey?.modulus !== rules.issuerKey))
    return `${name} with a document that this server did not issue`
  // In a batch the changed document may be that of an item that was refused
  if (signedOnly.includes(name) && !body.includes('<AcquireLicenseException') && isChanged(bytes, rules))
    return `${name} although a signed document was changed`
  switch (name) {
    case 'AcquireLicenseResponse':
    case 'AcquirePreLicenseResponse':
      return first(leaves, (leaf) => objectionToLicense(leaf, rules.allowed))
    case 'CertifyResponse':
      return first(leaves, (leaf) => objectionToRac(leaf, user, rules))
    case 'PrecertifyResponse':
      return first(leaves, (leaf) =>
        leaf.kind === 'RAC' && readRac(leaf).enablingBits === undefined ? undefined : 'precertified with a private key',
      )
    case 'GetClientLicensorCertResponse':
      return first(leaves, ({ kind }) => (kind === 'CLC' ? undefined : `a ${kind} instead of a CLC`))
    case 'AcquireIssuanceLicenseResponse':
    case 'EditIssuanceLicenseResponse':
      return first(leaves, ({ kind }) => (kind === 'PL' ? undefined : `a ${kind} instead of a PL`))
    case 'AcquireContentKeyResponse':
      return 'a content key from a cluster in service'
    default:
      return undefined
  }
}

/** The UL's account, content and rights, as a line of the table. */
export function entitlementOf(leaf: XrmlDocument): readonly [key: string, rights: string] {
  const { account, document } = readUl(leaf)
  const content = readObject(child(document.body.work, 'OBJECT'))?.id ?? ''
  const rights =
    descend(document.body.work, 'RIGHTSGROUP', 'RIGHTSLIST')?.children.map(
      (right) => right.attributes.name ?? right.name,
    ) ?? []
  return [`${account.publicKey?.modulus} ${content}`, rights.toSorted().join(' ')]
}

function objectionToLicense(leaf: XrmlDocument, allowed: Allowed): string | undefined {
  if (leaf.kind !== 'UL') return `a ${leaf.kind} instead of a UL`
  const [key, rights] = entitlementOf(leaf)
  const honest = allowed.get(key)
  if (honest === rights) return undefined
  return honest === undefined
    ? `a license for an account without rights: ${key.slice(-60)}`
    : `a license with ${rights}, an honest request gets ${honest}`
}

function objectionToRac(
  leaf: XrmlDocument,
  user: string | undefined,
  { accountKeys, machineIds }: Rules,
): string | undefined {
  const rac = readRac(leaf)
  if (accountKeys.get(rac.account.publicKey?.modulus ?? '') !== user)
    return 'a RAC of another account than the one that signed in'
  return machineIds.has(rac.machine?.object?.id ?? '') ? undefined : 'a RAC for a machine that has no certificate'
}

/** All documents in an answer, not those inside of other documents. */
export function documentsIn(from: XmlElement): readonly XrmlDocument[] {
  return from.children.flatMap((each) =>
    each.name === 'XrML' ? [readDocument(readXml(outerText(each)))] : documentsIn(each),
  )
}

function first<T>(all: readonly T[], test: (one: T) => string | undefined): string | undefined {
  for (const one of all) {
    const found = test(one)
    if (found !== undefined) return found
  }
  return undefined
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
