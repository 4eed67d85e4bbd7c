/** Other forests, whose RMS servers are asked who is in their groups ([MS-RMPRS] 3.5; adrms-deployment 3.3). */
import type { FastifyInstance } from 'fastify'
import { changeConfiguration, requireCluster } from '../../administration/change-configuration.js'
import { problem } from '../../administration/problem.js'
import type { ForestTrust } from '../../cluster/configuration.js'
import { forestPurpose } from '../../cluster/server-state.js'
import { sealAtRest } from '../../crypto/at-rest.js'
import type { ManagementApi } from './management-api.js'
import { answers, closed, clusterName, ifMatchHeader, line, path, removed, url } from './schemas.js'

interface Headers {
  readonly 'if-match'?: string
}

interface NewForest {
  readonly domain: string
  readonly url: string
  readonly user?: string
  readonly password?: string
}

const domain = {
  type: 'string',
  maxLength: 253,
  pattern: '^[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)*$',
  description: 'Mail domain of its groups',
  examples: ['fabrikam.test'],
} as const
const location = {
  ...url,
  description: 'Its GroupExpansion.asmx; FindServiceLocations there tells it',
  examples: ['https://rms.fabrikam.test/_wmcs/groupexpansion/GroupExpansion.asmx'],
}
const user = {
  ...line(256, 'FABRIKAM\\rms-service'),
  description: 'An account that it admits to this endpoint; the own service account when left out',
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

  app.post<{ Params: { cluster: string }; Body: NewForest; Headers: Headers }>(
    address,
    {
      schema: {
        tags,
        summary: 'Ask another forest about its groups',
        description:
          'Who is in a group whose mail address is of this domain is asked there when a policy, or a group of ours, names it.',
        params,
        headers: ifMatchHeader,
        body: closed({ domain, url: location, user, password: { type: 'string', minLength: 1, maxLength: 1024 } }, [
          'domain',
          'url',
        ]),
        response: answers({ 201: { description: 'The forest', ...forest } }, 400, 404, 409, 412),
      },
    },
    async ({ params, body, headers }, reply) => {
      const added = await trustOf(params.cluster, body)
      await changeConfiguration(store, params.cluster, headers['if-match'], ({ trustedForests: stored }) => {
        if (stored.some((other) => other.domain === added.domain))
          problem(409, `Groups of ${added.domain} are asked for already: remove that first`)
        return { trustedForests: [...stored, added] }
      })
      return reply.code(201).send(describe(added))
    },
  )

  app.delete<{ Params: { cluster: string; domain: string }; Headers: Headers }>(
    `${address}/:domain`,
    {
      schema: {
        tags,
        summary: 'Ask another forest no longer',
        params: path({ cluster: clusterName, domain }),
        headers: ifMatchHeader,
        response: answers(removed, 400, 404, 409, 412),
      },
    },
    async ({ params, headers }, reply) => {
      await changeConfiguration(store, params.cluster, headers['if-match'], ({ trustedForests: stored }) => {
        const rest = stored.filter((other) => other.domain !== params.domain.toLowerCase())
        if (rest.length === stored.length) problem(404, `No forest of the domain ${params.domain} is asked`)
        return { trustedForests: rest }
      })
      return reply.code(204).send()
    },
  )

  async function trustOf(cluster: string, { domain, url, user, password }: NewForest): Promise<ForestTrust> {
    await requireCluster(store, cluster)
    const name = domain.toLowerCase()
    if (name === (await store.forest.read()).dnsName.toLowerCase())
      problem(409, `${name} is the own forest: its directory is here`)
    if ((user === undefined) !== (password === undefined)) problem(400, 'user and password go together')
    const sealedPassword =
      password === undefined
        ? null
        : sealAtRest(
            (await openCluster(cluster)).clusterKey,
            forestPurpose(name),
            Buffer.from(password, 'utf8'),
            random,
          )
    return { domain: name, url: url.replace(/\/$/, ''), user: user ?? null, sealedPassword }
  }
}

/** Never the password. */
function describe({ domain, url, user }: ForestTrust): object {
  return { domain, url, user }
}
