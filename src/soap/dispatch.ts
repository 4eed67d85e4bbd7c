/** Which operation a request is for: the element in the Body decides, the action is only a check (as ASP.NET web services do). */
import type { SoapMessage } from './envelope.js'
import { soapAction } from './schema.js'
import type { OperationDescription, ServiceDescription } from './schema.js'
import { quoted, SoapProblem } from './soap-problem.js'

/**
 * @param action what the HTTP headers name, see requestedAction; a request without one is routed all the same, because many SOAP
 * stacks send none
 * @throws SoapProblem Client
 */
export function findOperation(service: ServiceDescription, message: SoapMessage, action?: string): OperationDescription {
  const { name, namespace } = message.body
  const operation = service.operations.find((candidate) => candidate.name === name)
  if (operation === undefined || namespace !== service.namespace) {
    const known = service.operations.map((candidate) => candidate.name).join(', ')
    const asked = `${quoted(name)} of namespace ${quoted(namespace)}`
    const why = `${service.name} has no operation ${asked}. It has ${known} in namespace ${quoted(service.namespace)}.`
    throw new SoapProblem('Client', why, message.version)
  }
  const expected = soapAction(service, operation.name)
  if (action !== undefined && action !== '' && action !== expected) {
    const why = `Server did not recognize the value of HTTP Header SOAPAction: ${quoted(action)}.`
    throw new SoapProblem('Client', `${why} For this request it is ${quoted(expected)}.`, message.version)
  }
  return operation
}

/**
 * The action that the HTTP headers name, without quotes: the header SOAPAction (1.1) or the parameter of the Content-Type (1.2).
 * @param headers by lower-case name
 */
export function requestedAction(headers: Readonly<Record<string, string | readonly string[] | undefined>>): string | undefined {
  const inContentType = /;\s*action="?([^";\s]*)"?/i.exec(String(headers['content-type'] ?? ''))?.[1]
  if (inContentType !== undefined) return inContentType
  const header = headers['soapaction']
  return header === undefined ? undefined : String(header).trim().replace(/^"(.*)"$/, '$1')
}
