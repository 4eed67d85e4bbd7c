/** The explainer over HTTP: raw octets in, what `explain FILE --json` prints out. */
import type { FastifyInstance } from 'fastify'
import { explainBytes, type Explaining } from '../../../administration/lab/explain.js'
import { commandLine } from '../../../command-line.js'
import { answers } from '../schemas.js'
import { tags } from './schemas.js'

/** Bytes. A license has some ten thousand; what is much larger is for the command line, which blocks nobody. */
export const mostExplained = 4 * 1024 * 1024

const anyObject = { type: 'object', additionalProperties: true } as const
export const explanation = {
  description: `What ${commandLine('explain FILE --json')} prints; policy is there where a cluster here could open it`,
  type: 'object',
  properties: {
    documents: { type: 'array', items: anyObject },
    trust: anyObject,
    firstProblem: { ...anyObject, description: 'Left out when everything is good and trusted' },
  },
} as const

export function registerExplain(app: FastifyInstance, office: Explaining): void {
  void app.register(async (scope) => {
    // Whatever it is called: the octets are what is explained.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: mostExplained },
      async (_request: unknown, body: Buffer) => body,
    )
    scope.post<{ Body: Buffer | undefined }>(
      '/lab/explain',
      {
        bodyLimit: mostExplained,
        schema: {
          tags,
          summary: 'Say of documents whether they are good, each check in order',
          description:
            'The body is a document or chain in any encoding, a SOAP message, or a protected file, under any Content-Type; at most 4 MiB. The encrypted policy of a publishing license is opened where a cluster of this installation has the key. Dates count by the clock of the forest.',
          // The first is what a page of the API sends as it is written there; of the second it would ask for a file.
          body: {
            content: {
              'text/plain': { schema: { type: 'string' } },
              'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
            },
          },
          response: answers({ 200: explanation }, 400),
        },
        // The schema is for readers: any octets will do.
        validatorCompiler: () => () => true,
      },
      async ({ body }) => explainBytes(office, body ?? Buffer.alloc(0)),
    )
  })
}
