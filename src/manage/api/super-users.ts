/** Super users of a cluster: a group whose members get full access to everything it can license (adrms-deployment 3.6). */
import type { FastifyInstance } from 'fastify'
import { etagOf, requireCluster } from '../../administration/change-configuration.js'
import { setSuperUsers, type SuperUsers } from '../../administration/super-users.js'
import type { ServerConfiguration } from '../../cluster/configuration.js'
import type { ManagementApi } from './management-api.js'
import { answers, closed, clusterName, ifMatchHeader, mailAddress, path } from './schemas.js'

const schema = {
  description: 'Super users of the cluster',
  type: 'object',
  properties: {
    enabled: { type: 'boolean' },
    group: { type: 'string', nullable: true, examples: ['superusers@contoso.test'] },
  },
} as const
const tags = ['configuration']
const params = path({ cluster: clusterName })
const address = '/clusters/:cluster/super-users'

export function registerSuperUsers(app: FastifyInstance, { store }: ManagementApi): void {
  app.get<{ Params: { cluster: string } }>(
    address,
    { schema: { tags, summary: 'Super users of a cluster', params, response: answers({ 200: schema }, 400, 404) } },
    async ({ params }) => describe((await requireCluster(store, params.cluster)).configuration),
  )

  app.put<{ Params: { cluster: string }; Body: SuperUsers; Headers: { 'if-match'?: string } }>(
    address,
    {
      schema: {
        tags,
        summary: 'Set the super users of a cluster',
        description:
          'Members of the group, by its mail address, get OWNER in every use license. Without group, the one that is set stays.',
        params,
        headers: ifMatchHeader,
        body: closed(
          {
            enabled: { type: 'boolean' },
            group: { ...mailAddress, nullable: true, examples: ['superusers@contoso.test'] },
          },
          ['enabled'],
        ),
        response: answers({ 200: schema }, 400, 404, 409, 412),
      },
    },
    async ({ params, body, headers }, reply) => {
      const saved = await setSuperUsers(store, params.cluster, body, headers['if-match'])
      return reply.header('etag', etagOf(saved)).send(describe(saved))
    },
  )
}

function describe({ superUserEnabled, superUserGroup }: ServerConfiguration): object {
  return { enabled: superUserEnabled, group: superUserGroup }
}
