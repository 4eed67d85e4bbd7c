/** Which operation a request is for: the element in the Body decides, the action is a check (as in ASP.NET web services). */
import { versionOfContentType, type SoapMessage } from './envelope.js'
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
  message: SoapMessage,
  action?: string,
): OperationDescription {
  const { name, namespace } = message.body
  const operation = service.operations.find((candidate) => candidate.name === name)
  if (operation === undefined || namespace !== service.namespace) {
    const known = service.operations.map((candidate) => candidate.name).join(', ')
    const asked = `${quoted(name)} of namespace ${quoted(namespace)}`
    const why = `${service.name} has no operation ${asked}. It has ${known} in namespace ${quoted(service.namespace)}.`
    throw new SoapProblem('Client', why, message.version)
  }
  const expected = soapAction(service, operation.name)
  if (action !== undefined && action !== expected) {
    const why = `Server did not recognize the value of HTTP Header SOAPAction: ${quoted(action)}.`
    throw new SoapProblem('Client', `${why} For this request it is ${quoted(expected)}.`, message.version)
  }
  return operation
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
  if (versionOfContentType(type) === '1.2') return /;\s*action\s*=\s*"?([^";\s]*)"?/i.exec(type)?.[1] || undefined
  const header = headers['soapaction']
  return header === undefined
    ? undefined
    : String(header)
        .trim()
        .replace(/^"(.*)"$/, '$1')
}
