/** Which operation a request is for: the element in the Body decides, the action is a check; of an empty Body the action decides. */
import { readContentType } from './content-type.js'
import { versionOfContentType, type SoapEnvelope } from './envelope.js'
import { soapAction } from './schema.js'
import type { OperationDescription, ServiceDescription } from './schema.js'
import { quoted, SoapProblem } from './soap-problem.js'

/**
 * @param action what the HTTP headers name, see requestedAction; a request without one is routed all the same, because many SOAP
 * stacks send none. An empty one is an action that no operation has.
 * @throws SoapProblem Client
 */
export function findOperation(
  service: ServiceDescription,
  message: SoapEnvelope,
  action?: string,
): OperationDescription {
  if (message.body === undefined) return operationByAction(service, message, action)
  const { name, namespace } = message.body
  const operation = service.operations.find((candidate) => candidate.name === name)
  if (operation === undefined || namespace !== service.namespace) {
    const known = service.operations.map((candidate) => candidate.name).join(', ')
    const asked = `${quoted(name)} of namespace ${quoted(namespace)}`
    const why = `${service.name} has no operation ${asked}. It has ${known} in namespace ${quoted(service.namespace)}.`
    throw new SoapProblem('Client', why, message.version, {
      facts: {
        rule: 'the element in the Body is an operation of this service',
        wanted: `${known} in namespace ${service.namespace}`,
        found: asked,
        about: { kind: 'word', asked: name, known: service.operations.map((candidate) => candidate.name) },
      },
    })
  }
  const expected = soapAction(service, operation.name)
  if (action !== undefined && action !== expected && !isForeign(service, message, action)) {
    const why = `Server did not recognize the value of HTTP Header SOAPAction: ${quoted(action)}.`
    throw new SoapProblem('Client', `${why} For this request it is ${quoted(expected)}.`, message.version, {
      facts: { rule: 'the action is that of the operation', wanted: expected, found: quoted(action) },
    })
  }
  return operation
}

/** The parameter of SOAP 1.2 is a hint: one that means nothing here, as those of WS-Addressing, is no mistake, but that of another operation is. */
function isForeign({ namespace, operations }: ServiceDescription, { version }: SoapEnvelope, action: string): boolean {
  return version === '1.2' && !operations.some(({ name }) => action === soapAction({ namespace }, name))
}

/** SOAP::Lite sends nothing in the Body where an operation takes nothing. ASP.NET serves that, and any other operation with nothing too. */
function operationByAction(
  service: ServiceDescription,
  { version }: SoapEnvelope,
  action: string | undefined,
): OperationDescription {
  const operation = service.operations.find(({ name }) => action === soapAction(service, name))
  if (operation !== undefined) return operation
  const known = service.operations.map(({ name }) => quoted(soapAction(service, name))).join(', ')
  const found = action === undefined ? 'there is no action either' : `the action is ${quoted(action)}`
  const why = `The Body of the SOAP envelope has no element, and ${found}: ${service.name} knows ${known}.`
  throw new SoapProblem('Client', why, version)
}

/**
 * The action that the HTTP headers name, without quotes: the header SOAPAction of SOAP 1.1, which may be present and empty, or the parameter of
 * the Content-Type of SOAP 1.2, which does not know the header.
 * @param headers by lower-case name
 * @returns undefined when there is none
 */
export function requestedAction(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): string | undefined {
  const type = String(headers['content-type'] ?? '')
  if (versionOfContentType(type) === '1.2') return readContentType(type).parameters.get('action') || undefined
  const header = headers['soapaction']
  return header === undefined
    ? undefined
    : String(header)
        .trim()
        .replace(/^"(.*)"$/, '$1')
}
