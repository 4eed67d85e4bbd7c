/** SOAP envelopes, 1.1 and 1.2 ([MS-RMPR] 2.1). The printed form is that of ASP.NET web services, without line breaks. */
import type { KnownElements } from '../xml/plain.js'
import { MalformedXml, defaultXmlLimits, readXml } from '../xml/read.js'
import type { XmlElement } from '../xml/read.js'
import { asMarkup, element } from '../xml/write.js'
import type { Markup } from '../xml/write.js'
import { readContentType } from './content-type.js'
import { quoted, SoapProblem } from './soap-problem.js'
import type { SoapVersion } from './soap-problem.js'

export interface SoapEnvelope {
  readonly version: SoapVersion
  readonly headers: readonly XmlElement[]
  /** First element of the Body; undefined when the Body has none. */
  readonly body: XmlElement | undefined
}

export interface SoapMessage extends SoapEnvelope {
  readonly body: XmlElement
}

export const envelopeNamespaces: Readonly<Record<SoapVersion, string>> = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
}

/** Roles that a server at the end of the path plays; a header for any other role is not its concern. */
const ownRoles: readonly string[] = [
  '',
  'http://schemas.xmlsoap.org/soap/actor/next',
  'http://www.w3.org/2003/05/soap-envelope/role/next',
  'http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver',
]

/**
 * Reads a message, with something in its Body, and no header that would have to be understood but VersionData.
 * @param source decoded text
 * @param assumed as for openEnvelope
 * @throws SoapProblem
 */
export function readEnvelope(source: string, assumed?: SoapVersion): SoapMessage {
  const { version, headers, body } = openEnvelope(source, assumed)
  if (body === undefined) throw new SoapProblem('Client', 'The Body of the SOAP envelope has no element.', version)
  const message = { version, headers, body }
  requireUnderstood(message, body.namespace)
  return message
}

/**
 * Reads an envelope in either version, whatever the prefixes. Further elements in the Body are ignored.
 * @param source decoded text
 * @param assumed the version to answer in when the text does not tell, usually that of the Content-Type
 * @param known documents in the message that need not be read again
 * @throws SoapProblem
 */
export function openEnvelope(source: string, assumed: SoapVersion = '1.1', known?: KnownElements): SoapEnvelope {
  const envelope = readDocument(source, assumed, known)
  const version = versionOf(envelope, assumed)
  const part = (name: string): XmlElement | undefined =>
    envelope.children.find((child) => child.name === name && child.namespace === envelope.namespace)

  const headers = part('Header')?.children ?? []
  const body = part('Body')
  if (body === undefined) throw new SoapProblem('Client', 'The SOAP envelope has no Body.', version)
  return { version, headers, body: body.children[0] }
}

/**
 * @param namespace of the service, which knows VersionData alone
 * @throws SoapProblem MustUnderstand, with all headers that should have been understood
 */
export function requireUnderstood({ version, headers }: SoapEnvelope, namespace: string): void {
  const notUnderstood = headers.filter((header) => demandsUnderstanding(header) && !isVersionData(header, namespace))
  const [first] = notUnderstood
  if (first === undefined) return
  const which = `${quoted(first.name)} of namespace ${quoted(first.namespace)}`
  const why = `The SOAP header ${which} must be understood, but this service does not know it.`
  throw new SoapProblem('MustUnderstand', why, version, { notUnderstood })
}

function readDocument(source: string, assumed: SoapVersion, known: KnownElements | undefined): XmlElement {
  try {
    return readXml(source, defaultXmlLimits, known)
  } catch (error) {
    if (!(error instanceof MalformedXml)) throw error
    const why = error.message.length > 200 ? `${error.message.slice(0, 200)}…` : error.message
    throw new SoapProblem('Client', `The request is not an XML document that can be read: ${why}.`, assumed, {
      status: 400,
    })
  }
}

function versionOf(envelope: XmlElement, assumed: SoapVersion): SoapVersion {
  if (envelope.name !== 'Envelope') {
    throw new SoapProblem(
      'VersionMismatch',
      `The request is not a SOAP envelope: its root element is ${quoted(envelope.name)}.`,
      assumed,
    )
  }
  if (envelope.namespace === envelopeNamespaces['1.1']) return '1.1'
  if (envelope.namespace === envelopeNamespaces['1.2']) return '1.2'
  const namespaces = Object.values(envelopeNamespaces).map(quoted).join(' or ')
  throw new SoapProblem(
    'VersionMismatch',
    `The envelope is of namespace ${quoted(envelope.namespace)}; this service reads ${namespaces}.`,
    assumed,
  )
}

function demandsUnderstanding(header: XmlElement): boolean {
  const { mustUnderstand, actor, role } = header.attributes
  return (mustUnderstand?.trim() === '1' || mustUnderstand?.trim() === 'true') && ownRoles.includes(actor ?? role ?? '')
}

/** The one header all services know. */
function isVersionData(header: XmlElement, namespace: string): boolean {
  return header.name === 'VersionData' && header.namespace === namespace
}

/**
 * The envelope as text, to be sent as UTF-8.
 * @param header what goes into soap:Header; without it there is no such element
 */
export function writeEnvelope(version: SoapVersion, header: Markup | undefined, body: Markup): string {
  const envelope = element(
    'soap:Envelope',
    {
      'xmlns:soap': envelopeNamespaces[version],
      'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
      'xmlns:xsd': 'http://www.w3.org/2001/XMLSchema',
    },
    header === undefined ? undefined : element('soap:Header', {}, header),
    element('soap:Body', {}, body),
  )
  return asMarkup(`<?xml version="1.0" encoding="utf-8"?>${envelope}`)
}

/** Content-Type of a message in that version; `action` belongs to requests of version 1.2. */
export function contentType(version: SoapVersion, action?: string): string {
  if (version === '1.1') return 'text/xml; charset=utf-8'
  return `application/soap+xml; charset=utf-8${action === undefined ? '' : `; action="${action}"`}`
}

/** The version that a Content-Type announces; undefined for one that SOAP does not use (HTTP 415). */
export function versionOfContentType(value: string | undefined): SoapVersion | undefined {
  const { mediaType } = readContentType(value)
  if (mediaType === 'text/xml') return '1.1'
  return mediaType === 'application/soap+xml' ? '1.2' : undefined
}
