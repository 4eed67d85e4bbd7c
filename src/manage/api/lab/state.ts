/** The state of the installation, and the way back to that of its start. */
import type { FastifyInstance } from 'fastify'
import type { LabOffice } from '../../../administration/lab/ask-server.js'
import { resetLab } from '../../../administration/lab/reset.js'
import { readStateHash } from '../../../administration/lab/state.js'
import { answers } from '../schemas.js'
import { hash, notEverywhere, returned, tags } from './schemas.js'

export function registerState(app: FastifyInstance, office: LabOffice): void {
  const reading = { description: 'The hash', type: 'object', properties: { hash } } as const
  app.get(
    '/lab/state-hash',
    {
      schema: {
        tags,
        summary: 'The state of the installation, as one word',
        description:
          'The same while nothing is different that a client could notice: directory, clusters and their keys, configuration, templates, key pairs of accounts, what is set in the lab. Request log, journal, servers and counters are not in it.',
        response: answers({ 200: reading }, 409),
      },
    },
    async () => readStateHash(office),
  )
  app.post(
    '/lab/reset',
    {
      schema: {
        tags,
        summary: 'Return to the state of the start',
        description:
          'Everything is as it was when the installation was ready first: directory, clusters, configuration, templates, keys of accounts, clock, faults. Every living server has it when the answer comes. Servers and clusters that were added go, those that were removed or killed come back. Addresses and open connections stay; the journal begins anew; the request log goes on, and so do documents that are kept for good.',
        response: { ...answers({ 200: returned }, 409), ...notEverywhere },
      },
    },
    async () => resetLab(office),
  )
}
