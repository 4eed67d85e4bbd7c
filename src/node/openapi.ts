/** How /openapi.json describes SOAP endpoints: text bodies, with an example message of every operation. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { FastifySchema } from 'fastify'
import type { ClusterKind } from '../cluster/store/cluster-store.js'
import { exampleRequest, exampleResponse } from '../soap/example.js'
import type { SoapVersion } from '../soap/soap-problem.js'
import { version } from '../version.js'
import type { Endpoint } from './roles.js'

/** @param prefix what stands before all paths, in a scope */
export function openApiOptions(kind: ClusterKind, prefix: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.0.3',
      info: {
        title: `rms-emulator, ${kind} server`,
        description:
          'The SOAP services of a Rights Management Services server. Every operation is a POST of a SOAP 1.1 (text/xml) or 1.2 (application/soap+xml) message; GET with ?wsdl gives the service description. The REST services of the Mobile Device Extension are below /my/v1 and /my/v2.',
        version,
      },
      ...(prefix === '' ? {} : { servers: [{ url: prefix }] }),
      components: {
        securitySchemes: {
          basic: signIn('basic'),
          negotiate: signIn('negotiate'),
          ntlm: signIn('ntlm'),
          bearer: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description: 'An access token of the sign-in service',
          },
        },
      },
    },
  }
}

/** Which of them a server offers is a setting. */
function signIn(scheme: 'basic' | 'negotiate' | 'ntlm') {
  return { type: 'http' as const, scheme, description: 'An account of the directory' }
}

/** Of a text, or of an element without a name, Swagger UI shows a comment in place of the example. */
const soapMessage = {
  type: 'object',
  xml: { name: 'Envelope', prefix: 'soap', namespace: 'http://schemas.xmlsoap.org/soap/envelope/' },
}

/** Schema of the POST route of an endpoint. It describes; nothing is validated by it. */
export function openApiSchema({ service, operations, path }: Endpoint, hide: boolean): FastifySchema {
  const names = operations.map(({ name }) => name).join(', ')
  const examples = (write: typeof exampleRequest, version: SoapVersion = '1.1'): object =>
    Object.fromEntries(
      operations.map(({ name, description }) => [name, { summary: name, value: write(service, description, version) }]),
    )
  // Of a request @fastify/swagger takes them from the schema.
  const asked = { schema: { ...soapMessage, 'x-examples': examples(exampleRequest) } }
  const askedBy12 = { schema: { ...soapMessage, 'x-examples': examples(exampleRequest, '1.2') } }
  const answered = { schema: soapMessage, examples: examples(exampleResponse) }
  return {
    hide,
    tags: [service.name],
    summary: `${names} at ${path}`,
    description: operations.map(({ description }) => `- **${description.name}**: ${description.about}`).join('\n'),
    security: [{ negotiate: [] }, { ntlm: [] }, { basic: [] }],
    body: { content: { 'text/xml': asked, 'application/soap+xml': askedBy12 } },
    response: {
      200: { description: 'The answer', content: { 'text/xml': answered } },
      401: { description: 'Not signed in, or not admitted', content: { 'text/plain': { schema: { type: 'string' } } } },
      413: { description: 'The message is too large', content: { 'text/plain': { schema: { type: 'string' } } } },
      415: { description: 'Not a SOAP content type', content: { 'text/plain': { schema: { type: 'string' } } } },
      500: {
        description: 'A SOAP fault; faultstring begins with the exception name',
        content: { 'text/xml': { schema: soapMessage } },
      },
    },
  }
}
