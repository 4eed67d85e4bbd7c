/** Reading of the elements that all XrML documents of RMS share ([MS-RMPR] 2.2.9.1). */
import { child, childrenNamed, descend, outerText, type XmlElement } from '../xml/read.js'
import { parseTime, readRange, type TimeRange } from './times.js'

/** The document has not the form it should have. */
export class MalformedXrml extends Error {
  override readonly name = 'MalformedXrml'
}

export interface RmsObject {
  readonly type: string
  readonly idType: string
  readonly id: string
  readonly name: string | undefined
  readonly addresses: readonly { readonly type: string; readonly value: string }[]
  /** The exact text, to be copied verbatim. */
  readonly source: string
}

export interface PublicKeyField {
  /** Base64 of the little-endian modulus. */
  readonly modulus: string
  readonly bits: number
  readonly source: string
}

export interface SecurityLevel {
  readonly name: string
  readonly value: string
}

export interface EnablingBitsField {
  readonly type: string
  readonly bytes: Buffer
  readonly source: string
}

/** ISSUER and PRINCIPAL have the same content. */
export interface Principal {
  readonly object: RmsObject | undefined
  readonly publicKey: PublicKeyField | undefined
  readonly securityLevels: readonly SecurityLevel[]
  readonly enablingBits: EnablingBitsField | undefined
  readonly source: string
}

export interface AuthenticatedData {
  readonly id: string
  readonly name: string | undefined
  readonly value: string
  readonly source: string
}

export interface Body {
  readonly type: string
  readonly issuedTime: Date | undefined
  readonly validity: TimeRange | undefined
  readonly descriptor: RmsObject | undefined
  readonly issuer: Principal | undefined
  readonly distributionPoints: readonly RmsObject[]
  readonly issuedPrincipal: Principal | undefined
  readonly federationPrincipal: Principal | undefined
  readonly work: XmlElement | undefined
  readonly authenticatedData: readonly AuthenticatedData[]
  readonly policyLists: readonly XmlElement[]
  readonly element: XmlElement
}

export function readBody(body: XmlElement): Body {
  return {
    type: body.attributes.type ?? '',
    issuedTime: parseTime(child(body, 'ISSUEDTIME')?.text),
    validity: readRange(child(body, 'VALIDITYTIME')),
    descriptor: readObject(descend(body, 'DESCRIPTOR', 'OBJECT')),
    issuer: readPrincipal(child(body, 'ISSUER')),
    distributionPoints: childrenNamed(body, 'DISTRIBUTIONPOINT').flatMap(
      (point) => readObject(child(point, 'OBJECT')) ?? [],
    ),
    issuedPrincipal: onlyPrincipal(child(body, 'ISSUEDPRINCIPALS')),
    federationPrincipal: onlyPrincipal(child(body, 'FEDERATIONPRINCIPALS')),
    work: child(body, 'WORK'),
    authenticatedData: childrenNamed(body, 'AUTHENTICATEDDATA').map(readAuthenticatedData),
    policyLists: childrenNamed(body, 'POLICYLIST'),
    element: body,
  }
}

export function readObject(element: XmlElement | undefined): RmsObject | undefined {
  if (element === undefined) return undefined
  const id = child(element, 'ID')
  return {
    type: element.attributes.type ?? '',
    idType: id?.attributes.type ?? '',
    id: id?.text.trim() ?? '',
    name: child(element, 'NAME')?.text,
    addresses: childrenNamed(element, 'ADDRESS').map((address) => ({
      type: address.attributes.type ?? '',
      value: address.text.trim(),
    })),
    source: outerText(element),
  }
}

export function readPrincipal(element: XmlElement | undefined): Principal | undefined {
  if (element === undefined) return undefined
  return {
    object: readObject(child(element, 'OBJECT')),
    publicKey: readPublicKey(child(element, 'PUBLICKEY')),
    securityLevels: childrenNamed(element, 'SECURITYLEVEL').map(({ attributes }) => ({
      name: attributes.name ?? '',
      value: attributes.value ?? '',
    })),
    enablingBits: readEnablingBits(child(element, 'ENABLINGBITS')),
    source: outerText(element),
  }
}

export function readEnablingBits(element: XmlElement | undefined): EnablingBitsField | undefined {
  if (element === undefined) return undefined
  return {
    type: element.attributes.type ?? '',
    bytes: Buffer.from(child(element, 'VALUE')?.text ?? '', 'base64'),
    source: outerText(element),
  }
}

/** Value of the first SECURITYLEVEL of that name. */
export function securityLevel(principal: Principal | undefined, name: string): string | undefined {
  return principal?.securityLevels.find((level) => level.name === name)?.value
}

/** The URL of the first distribution point of that type. */
export function distributionPoint(body: Body, type: string): string | undefined {
  return body.distributionPoints.find((point) => point.type === type)?.addresses[0]?.value
}

/** GUIDs and ids are compared without regard to case: makers differ in it. */
export function isSameId(a: RmsObject | undefined, b: RmsObject | undefined): boolean {
  return a !== undefined && b !== undefined && a.id.toLowerCase() === b.id.toLowerCase()
}

/** The definition of a principal match in [MS-RMPR] 3.5.4.1: OBJECT ID, modulus size and modulus. */
export function isSamePrincipal(a: Principal | undefined, b: Principal | undefined): boolean {
  return isSameId(a?.object, b?.object) && a?.publicKey !== undefined && a.publicKey.modulus === b?.publicKey?.modulus
}

/** Exactly one PRINCIPAL is allowed ([MS-RMPR] 2.2.9.1.11). */
function onlyPrincipal(list: XmlElement | undefined): Principal | undefined {
  const principals = childrenNamed(list, 'PRINCIPAL')
  return principals.length === 1 ? readPrincipal(principals[0]) : undefined
}

/** undefined when it is not an RSA key with the exponent RMS uses. */
function readPublicKey(element: XmlElement | undefined): PublicKeyField | undefined {
  if (element === undefined || child(element, 'ALGORITHM')?.text.trim() !== 'RSA') return undefined
  const parameter = (name: string): string | undefined =>
    child(
      childrenNamed(element, 'PARAMETER').find((candidate) => candidate.attributes.name === name),
      'VALUE',
    )?.text.trim()
  const octets = Buffer.from(parameter('modulus') ?? '', 'base64')
  if (octets.length === 0 || parameter('public-exponent') !== '65537') return undefined
  return { modulus: octets.toString('base64'), bits: octets.length * 8, source: outerText(element) }
}

function readAuthenticatedData(element: XmlElement): AuthenticatedData {
  return {
    id: element.attributes.id ?? '',
    name: element.attributes.name,
    value: element.text,
    source: outerText(element),
  }
}
