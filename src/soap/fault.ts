/** SOAP faults: how a refusal is told, and how a client reads it ([MS-RMPR] 3.1.4.5). */
import type { RmsException } from '../exceptions.js'
import { child, descend } from '../xml/read.js'
import type { XmlElement } from '../xml/read.js'
import { element, joined, text } from '../xml/write.js'
import type { Markup } from '../xml/write.js'
import { envelopeNamespaces, writeEnvelope } from './envelope.js'
import { SoapProblem } from './soap-problem.js'
import type { HeaderName, SoapVersion } from './soap-problem.js'

/**
 * The whole envelope of a fault. There is no VersionData header: Windows sends none with faults ([MS-RMPR] note <3>), although
 * the text of the specification would like one.
 */
export function writeFault(version: SoapVersion, problem: RmsException | SoapProblem): string {
  const isProblem = problem instanceof SoapProblem
  const message = isProblem ? problem.message : problem.faultString
  const code = isProblem ? problem.code : 'Server'
  if (version === '1.1') return writeEnvelope(version, undefined, fault11(code, message))
  return writeEnvelope(version, isProblem ? faultHeaders(problem) : undefined, fault12(code, message))
}

/** What SOAP 1.2 tells beside these two faults: the versions that are read, the headers that were not understood (part 1, 5.4.7 and 5.4.8). */
function faultHeaders({ code, notUnderstood }: SoapProblem): Markup | undefined {
  if (code === 'VersionMismatch') return upgrade
  return code === 'MustUnderstand'
    ? joined(notUnderstood.filter(isShort).slice(0, mostNamed).map(notUnderstoodHeader))
    : undefined
}

const upgrade = element(
  'soap:Upgrade',
  {},
  (['1.2', '1.1'] as const).map((version) =>
    element('soap:SupportedEnvelope', { qname: 'e:Envelope', 'xmlns:e': envelopeNamespaces[version] }),
  ),
)

/** What a request names is repeated within bounds; a name that is cut off would be another name. */
const mostNamed = 10
const longestName = 300

function isShort({ name, namespace }: HeaderName): boolean {
  return name.length + namespace.length <= longestName
}

function notUnderstoodHeader({ name, namespace }: HeaderName): Markup {
  const qualified = namespace === '' ? { qname: name } : { qname: `h:${name}`, 'xmlns:h': namespace }
  return element('soap:NotUnderstood', qualified)
}

/** HTTP status for the fault: every refusal by an RMS operation is 500, as Receiver faults are in both SOAP versions. */
export function faultStatus(problem: RmsException | SoapProblem): number {
  return problem instanceof SoapProblem ? problem.status : 500
}

function fault11(code: string, message: string): Markup {
  return element(
    'soap:Fault',
    {},
    element('faultcode', {}, text(`soap:${code}`)),
    element('faultstring', {}, text(message)),
    // SOAP 1.1 4.4: there when the Body could not be processed, not there when the fault is not about the Body
    code === 'MustUnderstand' || code === 'VersionMismatch' ? undefined : element('detail'),
  )
}

function fault12(code: string, message: string): Markup {
  const renamed = code === 'Server' ? 'Receiver' : code === 'Client' ? 'Sender' : code
  return element(
    'soap:Fault',
    {},
    element('soap:Code', {}, element('soap:Value', {}, text(`soap:${renamed}`))),
    element('soap:Reason', {}, element('soap:Text', { 'xml:lang': 'en' }, text(message))),
    element('soap:Detail'),
  )
}

export interface Fault {
  /** Without prefix: Server, Client, Receiver, Sender … */
  readonly code: string
  readonly text: string
  /** From the outermost to the innermost; empty when the text names none. */
  readonly exceptionNames: readonly string[]
}

/** The fault in a message's Body; undefined when the element is no fault. */
export function readFault(body: XmlElement): Fault | undefined {
  if (body.name !== 'Fault' || !Object.values(envelopeNamespaces).includes(body.namespace)) return undefined
  const code = (child(body, 'faultcode') ?? descend(body, 'Code', 'Value'))?.text ?? ''
  const reason = (child(body, 'faultstring') ?? descend(body, 'Reason', 'Text'))?.text ?? ''
  return { code: code.trim().replace(/^.*:/, ''), text: reason, exceptionNames: exceptionNames(reason) }
}

const identifier = '[\\p{ID_Start}_]\\p{ID_Continue}*'
const leadingName = new RegExp(`^\\s*(${identifier}(?:\\.${identifier})*)(?=[-:\\s]|$)`, 'u')

/**
 * The exception names of a FaultString, `Outer.Exception: text ---> Inner.Exception: text`. The grammar would take any first word
 * for a name ("Server was unable …"): only words with a dot or with Exception at the end count here. Also for the ExceptionString
 * of AcquireLicenseException and AcquirePreLicenseException.
 */
export function exceptionNames(faultString: string): readonly string[] {
  return faultString
    .split('--->')
    .map((part) => leadingName.exec(part)?.[1])
    .filter((name) => name !== undefined && (name.includes('.') || name.endsWith('Exception'))) as readonly string[]
}
