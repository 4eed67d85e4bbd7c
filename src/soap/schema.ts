/**
 * The vocabulary in which a service describes its messages: as much of XML Schema and WSDL 1.1 as the RMS services use
 * ([MS-RMPR] section 6, [MS-RMSI] section 6). WSDL, help page and examples are printed from it.
 */
import type { OperationName } from '../exceptions.js'
import { element } from '../xml/write.js'
import type { Markup } from '../xml/write.js'

export type SimpleType = 'string' | 'boolean' | 'int' | 'base64Binary' | 'guid'

export interface Enumeration {
  readonly kind: 'enumeration'
  readonly name: string
  readonly values: readonly string[]
}

export interface Sequence {
  readonly kind: 'sequence'
  readonly name: string
  readonly members: readonly Member[]
}

/** Mixed content with any XML: in RMS nearly always one XrML document. */
export interface AnyXml {
  readonly kind: 'any'
  readonly example: Markup | undefined
}

export type MessageType = SimpleType | Enumeration | Sequence | AnyXml

export interface Member {
  readonly name: string
  readonly type: MessageType
  readonly minimum: 0 | 1
  readonly maximum: 1 | 'unbounded'
  readonly nillable: boolean
  /** A value for the example messages. */
  readonly example: string | undefined
}

export interface OperationDescription {
  readonly name: OperationName
  /** For people: one sentence. */
  readonly about: string
  /** What the WSDL of the specification says, where it says something. */
  readonly documentation?: string
  /** Members of the request element, which is named as the operation. */
  readonly request: readonly Member[]
  /** Members of the element `<name>Response`. */
  readonly response: readonly Member[]
  /** Only GetServerInfo binds no VersionData header. */
  readonly versionData: boolean
}

export interface ServiceDescription {
  /** Name of wsdl:service. The port type is `<name>Soap`, the bindings and ports are `<name>Soap` and `<name>Soap12`. */
  readonly name: string
  readonly namespace: string
  readonly operations: readonly OperationDescription[]
}

/** A member that may be left out. */
export function optional(name: string, type: MessageType, example?: string): Member {
  return { name, type, minimum: 0, maximum: 1, nillable: false, example }
}

/** A member that is always there. */
export function required(name: string, type: MessageType, example?: string): Member {
  return { name, type, minimum: 1, maximum: 1, nillable: false, example }
}

/** Any number of members of that name. */
export function repeated(
  name: string,
  type: MessageType,
  more: Partial<Pick<Member, 'minimum' | 'nillable'>> = {},
): Member {
  return { name, type, minimum: 0, maximum: 'unbounded', nillable: false, example: undefined, ...more }
}

export function sequence(name: string, ...members: readonly Member[]): Sequence {
  return { kind: 'sequence', name, members }
}

/** `ArrayOfX` of nillable `X`, as ASP.NET names the arrays. */
export function arrayOf(type: Sequence): Sequence {
  return sequence(`ArrayOf${type.name}`, repeated(type.name, type, { nillable: true }))
}

export function enumeration(name: string, values: readonly string[]): Enumeration {
  return { kind: 'enumeration', name, values }
}

/** Any XML at all; the example is an empty element. */
export const anyXml: AnyXml = { kind: 'any', example: undefined }

/** One XrML document. */
export const xrml: AnyXml = { kind: 'any', example: element('XrML', { xmlns: '', version: '1.2' }) }

/** [MS-RMPR] 2.2.4.1: certificates, leaf first. */
export const arrayOfXmlNode = sequence('ArrayOfXmlNode', repeated('Certificate', xrml, { nillable: true }))

/** [MS-RMPR] 2.2.3.4. */
export const arrayOfString = sequence('ArrayOfString', repeated('string', 'string', { nillable: true }))

/** Both SOAP versions use the same action string. */
export function soapAction(service: Pick<ServiceDescription, 'namespace'>, operation: string): string {
  return `${service.namespace}/${operation}`
}
