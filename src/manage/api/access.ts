/** Access lists: who is admitted to an endpoint of a cluster (adrms-deployment 3.1). */
import type { FastifyInstance } from 'fastify'
import { requireSomebody, sameName } from '../../administration/access.js'
import { changeConfiguration, etagOf, requireCluster, type Change } from '../../administration/change-configuration.js'
import { problem } from '../../administration/problem.js'
import type { ClusterRow } from '../../cluster/store/cluster-store.js'
import { commandLine, shellWord } from '../../command-line.js'
import { anonymousName, endpointsNamed, unknownEndpoint } from '../../identity/access.js'
import { endpointPaths } from '../../node/roles.js'
import type { ManagementApi } from './management-api.js'
import { answers, closed, clusterName, ifMatchHeader, line, path } from './schemas.js'

interface Entry {
  readonly endpoint: string
  readonly name: string
}

interface Call<Body> {
  Params: { cluster: string }
  Body: Body
  Headers: { 'if-match'?: string }
}

const schema = {
  description: 'All endpoints of the cluster',
  type: 'object',
  properties: {
    endpoints: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          endpoint: { type: 'string', examples: ['/certification/subenrollservice.asmx'] },
          admitted: {
            type: 'array',
            nullable: true,
            items: { type: 'string' },
            description: 'null: there is no list, everybody is admitted; an empty one admits nobody',
          },
        },
      },
    },
  },
} as const
const endpoint = { ...line(256, 'subenrollservice'), description: 'Path of an endpoint, or the end of it' }
const name = {
  ...line(256, 'CONTOSO\\RMS Service Group'),
  description: `Account or group, by name or mail address, or ${anonymousName} for callers who do not sign in`,
}
const tags = ['configuration']
const params = path({ cluster: clusterName })
const address = '/clusters/:cluster/access'
const described = { tags, params, headers: ifMatchHeader, response: answers({ 200: schema }, 400, 404, 409, 412) }

export function registerAccess(app: FastifyInstance, { store }: ManagementApi): void {
  app.get<{ Params: { cluster: string } }>(
    address,
    { schema: { tags, summary: 'Access lists of a cluster', params, response: answers({ 200: schema }, 400, 404) } },
    async ({ params }) => describe(await requireCluster(store, params.cluster)),
  )

  const change = async (
    cluster: string,
    ifMatch: string | undefined,
    make: Change,
  ): Promise<{ readonly etag: string; readonly body: object }> => {
    const configuration = await changeConfiguration(store, cluster, ifMatch, make)
    const { kind } = await requireCluster(store, cluster)
    return { etag: etagOf(configuration), body: describe({ kind, configuration }) }
  }

  app.post<Call<Entry & { restrict: boolean }>>(
    `${address}/admit`,
    {
      schema: {
        ...described,
        summary: 'Admit an account or group to an endpoint',
        description:
          'An endpoint without a list admits everybody. With restrict it gets one, and admits nobody else from then on.',
        body: closed({ endpoint, name, restrict: { type: 'boolean', default: false } }, ['endpoint', 'name']),
      },
    },
    async ({ params, body, headers }, reply) => {
      const admitted = await requireSomebody(store, body.name)
      const done = await change(params.cluster, headers['if-match'], ({ admittedGroups }, cluster) => {
        const at = requireEndpoint(cluster, body.endpoint)
        const list = admittedGroups[at]
        if (list === undefined && !body.restrict && admitted !== anonymousName)
          problem(
            409,
            `${at} admits everybody who signs in already. To admit ${admitted} alone, ask for that, over HTTP by "restrict": true, or by ${admitAlone(params.cluster, { ...body, name: admitted })}`,
          )
        return {
          admittedGroups: {
            ...admittedGroups,
            [at]: list?.some((other) => sameName(other, admitted)) ? list : [...(list ?? []), admitted],
          },
        }
      })
      return reply.header('etag', done.etag).send(done.body)
    },
  )

  app.post<Call<Entry>>(
    `${address}/revoke`,
    {
      schema: {
        ...described,
        summary: 'Admit an account or group to an endpoint no longer',
        description: 'Takes it from the list; a list that becomes empty admits nobody.',
        body: closed({ endpoint, name }, ['endpoint', 'name']),
      },
    },
    async ({ params, body, headers }, reply) => {
      const done = await change(params.cluster, headers['if-match'], ({ admittedGroups }, cluster) => {
        const at = requireEndpoint(cluster, body.endpoint)
        const list = admittedGroups[at]
        if (list === undefined)
          return problem(
            404,
            `${at} has no access list: it admits everybody who signs in. To admit some alone, over HTTP by "restrict": true, or by ${admitAlone(params.cluster, body)}`,
          )
        if (!list.some((other) => sameName(other, body.name)))
          problem(404, `"${body.name}" is not on the access list of ${at}: it has ${list.join(', ') || 'nobody'}`)
        return {
          admittedGroups: { ...admittedGroups, [at]: list.filter((other) => !sameName(other, body.name)) },
        }
      })
      return reply.header('etag', done.etag).send(done.body)
    },
  )

  app.post<Call<{ endpoint: string }>>(
    `${address}/open`,
    {
      schema: {
        ...described,
        summary: 'Remove the access list of an endpoint',
        description: 'It admits everybody who signs in from then on.',
        body: closed({ endpoint }, ['endpoint']),
      },
    },
    async ({ params, body, headers }, reply) => {
      const done = await change(params.cluster, headers['if-match'], ({ admittedGroups }, cluster) => {
        const at = requireEndpoint(cluster, body.endpoint)
        return { admittedGroups: Object.fromEntries(Object.entries(admittedGroups).filter(([path]) => path !== at)) }
      })
      return reply.header('etag', done.etag).send(done.body)
    },
  )
}

function admitAlone(cluster: string, { endpoint, name }: Entry): string {
  return commandLine(`admit ${[endpoint, name, '--cluster', cluster].map(shellWord).join(' ')} --restrict`)
}

/** The one endpoint that is meant. */
function requireEndpoint({ kind }: ClusterRow, named: string): string {
  const paths = endpointPaths(kind)
  const [found, ...others] = endpointsNamed(named, paths)
  if (found === undefined) return problem(404, unknownEndpoint(named, paths))
  if (others.length > 0) return problem(400, `"${named}" may be ${[found, ...others].join(' or ')}: give the path`)
  return found
}

function describe({ kind, configuration }: Pick<ClusterRow, 'kind' | 'configuration'>): object {
  return {
    endpoints: endpointPaths(kind).map((path) => ({
      endpoint: path,
      admitted: configuration.admittedGroups[path] ?? null,
    })),
  }
}
