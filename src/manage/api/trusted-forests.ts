/** Other forests, whose RMS servers are asked who is in their groups ([MS-RMPRS] 3.5; adrms-deployment 3.3). */
import type { FastifyInstance } from 'fastify'
import { changeConfiguration, requireCluster } from '../../administration/change-configuration.js'
import { problem } from '../../administration/problem.js'
import {
  domain,
  forestPassword,
  location,
  trustForest,
  user,
  type ForestWanted,
} from '../../administration/trusted-forests.js'
import type { ForestTrust } from '../../cluster/configuration.js'
import type { ManagementApi } from './management-api.js'
import { answers, closed, clusterName, ifMatchHeader, path, removed } from './schemas.js'

interface Headers {
  readonly 'if-match'?: string
}

const forest = {
  type: 'object',
  properties: { domain, url: { type: 'string' }, user: { type: 'string', nullable: true } },
} as const
const tags = ['trust']
const address = '/clusters/:cluster/trust/forests'

export function registerTrustedForests(app: FastifyInstance, { store, openCluster, random }: ManagementApi): void {
  const params = path({ cluster: clusterName })
  app.get<{ Params: { cluster: string } }>(
    address,
    {
      schema: {
        tags,
        summary: 'Forests that a cluster asks about their groups',
        params,
        response: answers(
          {
            200: {
              description: 'The forests',
              type: 'object',
              properties: { forests: { type: 'array', items: forest } },
            },
          },
          400,
          404,
        ),
      },
    },
    async ({ params }) => ({
      forests: (await requireCluster(store, params.cluster)).configuration.trustedForests.map(describe),
    }),
  )

  app.post<{ Params: { cluster: string }; Body: ForestWanted; Headers: Headers }>(
    address,
    {
      schema: {
        tags,
        summary: 'Ask another forest about its groups',
        description:
          'Who is in a group whose mail address is of this domain is asked there when a policy, or a group of ours, names it.',
        params,
        headers: ifMatchHeader,
        body: closed({ domain, url: location, user, password: forestPassword }, ['domain', 'url']),
        response: answers({ 201: { description: 'The forest', ...forest } }, 400, 404, 409, 412),
      },
    },
    async ({ params, body, headers }, reply) => {
      const office = { store, openCluster, random }
      const added = await trustForest(office, params.cluster, body, headers['if-match'])
      return reply.code(201).send(describe(added))
    },
  )

  app.delete<{ Params: { cluster: string; domain: string }; Headers: Headers }>(
    `${address}/:domain`,
    {
      schema: {
        tags,
        summary: 'Ask another forest no longer',
        description: 'Not for a partner: DELETE /forest/partners/{forest}.',
        params: path({ cluster: clusterName, domain }),
        headers: ifMatchHeader,
        response: answers(removed, 400, 404, 409, 412),
      },
    },
    async ({ params, headers }, reply) => {
      await changeConfiguration(store, params.cluster, headers['if-match'], ({ trustedForests: stored }) => {
        const domain = params.domain.toLowerCase()
        const former = stored.find((other) => other.domain === domain)
        if (former === undefined) problem(404, `No forest of the domain ${params.domain} is asked`)
        // Its certificates would be trusted on, and nobody would see by what.
        if (former.licensor !== undefined)
          problem(409, `${domain} is a partner, whose certificates are trusted too: DELETE /forest/partners/${domain}`)
        return { trustedForests: stored.filter((other) => other !== former) }
      })
      return reply.code(204).send()
    },
  )
}

/** Never the password. */
function describe({ domain, url, user }: ForestTrust): object {
  return { domain, url, user }
}
