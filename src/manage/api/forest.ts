/** The forest and its service connection point (SCP): where clients and licensing-only clusters find the root (adrms-deployment 1.6). */
import type { FastifyInstance } from 'fastify'
import { listPartners } from '../../administration/forest-partners.js'
import {
  moveServiceConnectionPoint,
  readServiceConnectionPoint,
  removeServiceConnectionPoint,
} from '../../administration/service-connection-point.js'
import { partnersSchema } from './forest-partners.js'
import type { ManagementApi } from './management-api.js'
import { answers, closed, removed, url } from './schemas.js'

const scpSchema = {
  type: 'object',
  properties: {
    url: { type: 'string', nullable: true, examples: ['http://127.0.0.1:7000/_wmcs/certification'] },
    state: {
      type: 'string',
      enum: ['current', 'stale', 'absent'],
      description: 'stale: it names a URL that is no root cluster of this database',
    },
    cluster: { type: 'string', nullable: true, description: 'The root cluster of this database' },
  },
} as const
const forestSchema = {
  description: 'The forest',
  type: 'object',
  properties: {
    dnsName: { type: 'string', examples: ['contoso.test'] },
    netbiosName: { type: 'string', examples: ['CONTOSO'] },
    domainSid: { type: 'string' },
    serviceConnectionPoint: scpSchema,
    partners: partnersSchema,
  },
} as const
const tags = ['forest']

export function registerForest(app: FastifyInstance, { store }: ManagementApi): void {
  app.get(
    '/forest',
    {
      schema: {
        tags,
        summary: 'Names of the forest, its service connection point, and its partners',
        response: answers({ 200: forestSchema }),
      },
    },
    async () => {
      const { dnsName, netbiosName, domainSid } = await store.forest.read()
      const [serviceConnectionPoint, partners] = [await readServiceConnectionPoint(store), await listPartners(store)]
      return { dnsName, netbiosName, domainSid, serviceConnectionPoint, partners }
    },
  )

  app.put<{ Body: { url: string; force: boolean } }>(
    '/forest/scp',
    {
      schema: {
        tags,
        summary: 'Register or move the service connection point',
        description:
          'To the certification URL of the root cluster. A URL that is no root cluster of this database is refused, unless forced.',
        body: closed(
          {
            url: { ...url, examples: ['http://127.0.0.1:7000/_wmcs/certification'] },
            force: { type: 'boolean', default: false },
          },
          ['url'],
        ),
        response: answers({ 200: { description: 'As it is now', ...scpSchema } }, 400, 409),
      },
    },
    async ({ body }) => moveServiceConnectionPoint(store, body.url, body.force),
  )

  app.delete<{ Querystring: { force: boolean } }>(
    '/forest/scp',
    {
      schema: {
        tags,
        summary: 'Remove the service connection point',
        description:
          'A stale one, which keeps a new root cluster from being provisioned. One that names the root cluster of this database is removed when forced only: licensing-only clusters find the root by it.',
        querystring: closed({ force: { type: 'boolean', default: false } }),
        response: answers(removed, 400, 404, 409),
      },
    },
    async ({ query }, reply) => {
      await removeServiceConnectionPoint(store, query.force)
      return reply.code(204).send()
    },
  )
}
