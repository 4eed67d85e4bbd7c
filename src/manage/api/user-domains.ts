/** Trusted user domains (TUD): servers whose account certificates count at a cluster (adrms-deployment 3.3). */
import type { FastifyInstance } from 'fastify'
import { changeConfiguration, requireCluster } from '../../administration/change-configuration.js'
import { keyId } from '../../administration/key-id.js'
import { problem } from '../../administration/problem.js'
import { licensorKeyOf, rootKey, trustUserDomain } from '../../administration/user-domains.js'
import type { ClusterRow } from '../../cluster/store/cluster-store.js'
import type { ManagementApi } from './management-api.js'
import { answers, closed, clusterName, ifMatchHeader, keyIdSchema, path, removed } from './schemas.js'

interface Headers {
  readonly 'if-match'?: string
}

const domain = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    publicKey: { type: 'string', description: 'Base64 of the little-endian modulus of the SLC' },
    own: { type: 'boolean', description: 'The root of the forest: trusted always' },
    cluster: { type: 'string', nullable: true, description: 'When it is a cluster of this database' },
  },
} as const
const tags = ['trust']
const params = path({ cluster: clusterName })
const address = '/clusters/:cluster/trust/user-domains'
const longestChain = 500_000

export function registerUserDomains(app: FastifyInstance, { store }: ManagementApi): void {
  app.get<{ Params: { cluster: string } }>(
    address,
    {
      schema: {
        tags,
        summary: 'Trusted user domains of a cluster',
        params,
        response: answers(
          {
            200: {
              description: 'The domains',
              type: 'object',
              properties: { userDomains: { type: 'array', items: domain } },
            },
          },
          400,
          404,
        ),
      },
    },
    async ({ params }) => {
      const { configuration } = await requireCluster(store, params.cluster)
      const clusters = await store.clusters.list()
      return { userDomains: configuration.trustedRacIssuers.map((key) => describe(key, clusters)) }
    },
  )

  app.post<{ Params: { cluster: string }; Body: { certificate: string }; Headers: Headers }>(
    address,
    {
      schema: {
        tags,
        summary: 'Trust a user domain',
        description:
          'By the SLC of its server with the chain above it, as /licensor-certificate of the other installation gives it. Accounts certified there get licenses here.',
        params,
        headers: ifMatchHeader,
        body: closed(
          {
            certificate: {
              type: 'string',
              minLength: 1,
              maxLength: longestChain,
              description: 'XrML documents, leaf first',
              examples: ['<XrML …>…</XrML><XrML …>…</XrML>'],
            },
          },
          ['certificate'],
        ),
        response: answers({ 201: { description: 'The domain', ...domain } }, 400, 404, 409, 412),
      },
    },
    async ({ params, body, headers }, reply) => {
      const publicKey = await trustUserDomain(store, params.cluster, body.certificate, headers['if-match'])
      return reply.code(201).send(describe(publicKey, await store.clusters.list()))
    },
  )

  app.delete<{ Params: { cluster: string; id: string }; Headers: Headers }>(
    `${address}/:id`,
    {
      schema: {
        tags,
        summary: 'Trust a user domain no longer',
        params: path({ cluster: clusterName, id: keyIdSchema }),
        headers: ifMatchHeader,
        response: answers(removed, 400, 404, 409, 412),
      },
    },
    async ({ params, headers }, reply) => {
      const own = await rootKey(store)
      await changeConfiguration(store, params.cluster, headers['if-match'], ({ trustedRacIssuers }) => {
        const key = trustedRacIssuers.find((candidate) => keyId(candidate) === params.id)
        if (key === undefined) return problem(404, `No trusted user domain has the id ${params.id}`)
        if (key === own) return problem(409, 'The root cluster of the forest is trusted always')
        return { trustedRacIssuers: trustedRacIssuers.filter((candidate) => candidate !== key) }
      })
      return reply.code(204).send()
    },
  )
}

function describe(publicKey: string, clusters: readonly ClusterRow[]): object {
  const cluster = clusters.find((candidate) => licensorKeyOf(candidate) === publicKey)
  return { id: keyId(publicKey), publicKey, own: cluster?.kind === 'root', cluster: cluster?.name ?? null }
}
