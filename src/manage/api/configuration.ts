/** The configuration of a cluster: reading all of it but secrets, changing what is an administrator's to change. */
import type { FastifyInstance } from 'fastify'
import { changeSettings, etagOf, requireCluster } from '../../administration/change-configuration.js'
import { changeable, orNull } from '../../administration/configuration-fields.js'
import type { ServerConfiguration } from '../../cluster/configuration.js'
import type { ManagementApi } from './management-api.js'
import { answers, closed, clusterName, ifMatchHeader, path, url } from './schemas.js'

const day = 86_400

const readable = {
  description:
    'The configuration, its version in ETag. Certificates, keys and trusted publishing domains have routes of their own',
  type: 'object',
  properties: {
    configurationVersion: { type: 'integer' },
    serverVersion: { type: 'string' },
    serverName: { type: 'string' },
    serverSKU: { type: 'string' },
    cryptographicMode: { type: 'integer', enum: [1, 2] },
    baseUrl: { type: 'string' },
    extranetListener: orNull({ ...url, description: 'Where the extranet listener of its balancer is' }),
    trustedSpcCAKeys: { type: 'array', items: { type: 'string' } },
    trustedRacIssuers: { type: 'array', items: { type: 'string' } },
    ...changeable,
    applicationExclusionPolicy: { type: 'array', items: { type: 'object', additionalProperties: { type: 'string' } } },
    admittedGroups: { type: 'object', additionalProperties: { type: 'array', items: { type: 'string' } } },
  },
} as const
const tags = ['configuration']
const params = path({ cluster: clusterName })
const address = '/clusters/:cluster/configuration'

export function registerConfiguration(app: FastifyInstance, { store }: ManagementApi): void {
  app.get<{ Params: { cluster: string } }>(
    address,
    {
      schema: {
        tags,
        summary: 'The configuration of a cluster',
        params,
        response: answers({ 200: readable }, 400, 404),
      },
    },
    async ({ params }, reply) => {
      const { configuration } = await requireCluster(store, params.cluster)
      return reply.header('etag', etagOf(configuration)).send(configuration)
    },
  )

  app.patch<{ Params: { cluster: string }; Body: Partial<ServerConfiguration>; Headers: { 'if-match'?: string } }>(
    address,
    {
      schema: {
        tags,
        summary: 'Change the configuration of a cluster',
        description: 'Fields that are left out stay. The nodes follow at their next refresh.',
        params,
        headers: ifMatchHeader,
        body: {
          ...closed(changeable as Readonly<Record<string, object>>),
          minProperties: 1,
          examples: [{ racValidityTimeSeconds: 30 * day }],
        },
        response: answers({ 200: readable }, 400, 404, 409, 412),
      },
    },
    async ({ params, body, headers }, reply) => {
      const saved = await changeSettings(store, params.cluster, body, headers['if-match'])
      return reply.header('etag', etagOf(saved)).send(saved)
    },
  )

  app.get<{ Params: { cluster: string } }>(
    '/clusters/:cluster/licensor-certificate',
    {
      schema: {
        tags: ['trust'],
        summary: 'The SLC of a cluster, with its chain',
        description: 'What another cluster imports as a trusted user domain.',
        params,
        response: answers(
          {
            200: {
              description: 'XrML documents, leaf first',
              content: { 'application/xml': { schema: { type: 'string' } } },
            },
          },
          400,
          404,
        ),
      },
    },
    async ({ params }, reply) => {
      const { configuration } = await requireCluster(store, params.cluster)
      return reply.type('application/xml; charset=utf-8').send(configuration.slc.join(''))
    },
  )
}
