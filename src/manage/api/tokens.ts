/** Access tokens for named users: for clients that take a token as it is, and for tests (rest-mde, last section). */
import type { FastifyInstance } from 'fastify'
import { requireAccount } from '../../administration/directory-names.js'
import { problem } from '../../administration/problem.js'
import { tokenKeys } from '../../cluster/token-keys.js'
import { restResource } from '../../identity/bearer.js'
import { ownClientId } from '../../services/oauth/clients.js'
import { accessToken, accessTokenLifetime } from '../../services/oauth/tokens.js'
import type { ManagementApi } from './management-api.js'
import { answers, closed, line, namedAccount } from './schemas.js'

const day = 86_400

interface TokenRequest {
  readonly user: string
  readonly audience: string
  readonly lifetimeSeconds: number
}

const schema = {
  description: 'The token, as the sign-in service would give it',
  type: 'object',
  properties: {
    access_token: { type: 'string' },
    token_type: { type: 'string' },
    expires_in: { type: 'integer', description: 'Seconds' },
    account: { type: 'string' },
  },
} as const

export function registerTokens(
  app: FastifyInstance,
  { store, openCluster, forestClock, random, draws }: ManagementApi,
): void {
  const keys = tokenKeys(store.tokenKeys, { random, draws })
  app.post<{ Body: TokenRequest }>(
    '/tokens',
    {
      schema: {
        tags: ['directory'],
        summary: 'Make an access token for an account',
        description:
          'For the REST services of every cluster. A negative lifetime or another audience makes one that is to be refused.',
        body: closed(
          {
            user: namedAccount,
            audience: { ...line(256, restResource), default: restResource },
            lifetimeSeconds: { type: 'integer', minimum: -365 * day, maximum: 365 * day, default: accessTokenLifetime },
          },
          ['user'],
        ),
        response: answers({ 200: schema }, 400, 404, 409),
      },
    },
    async ({ body }, reply) => {
      const account = await requireAccount(store.directory, body.user)
      const root = (await store.clusters.list()).find(({ kind }) => kind === 'root')
      if (root === undefined) return problem(409, 'There is no root cluster: its key signs the tokens')
      if (root.configuration.tokenIssuer !== null)
        return problem(
          409,
          `Tokens of ${root.configuration.tokenIssuer.issuer} are trusted here, not our own: ask that issuer`,
        )
      const issuer = { state: await openCluster(root.name), tokenKeys: keys, directory: store.directory }
      const { audience, lifetimeSeconds: lifetime } = body
      const now = (await forestClock()).now()
      const token = await accessToken(issuer, { account, now, clientId: ownClientId, audience, lifetime })
      return reply
        .header('cache-control', 'no-store')
        .send({ access_token: token, token_type: 'bearer', expires_in: lifetime, account: account.name })
    },
  )
}
