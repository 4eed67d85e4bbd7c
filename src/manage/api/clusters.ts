/** The clusters of the database, and the nodes that have joined each, wherever they run: what a balancer on another machine is given. */
import type { FastifyInstance } from 'fastify'
import { requireCluster } from '../../administration/change-configuration.js'
import { problem } from '../../administration/problem.js'
import { livingMembers } from '../../cluster/living-members.js'
import { untilApplied } from '../../installation/applied.js'
import type { ManagementApi } from './management-api.js'
import { answers, clusterName, path } from './schemas.js'

const text = { type: 'string' } as const
const time = { ...text, description: 'ISO 8601' } as const
const node = {
  type: 'object',
  properties: {
    id: { ...text, examples: ['root-1'] },
    url: { ...text, description: 'Where the node itself listens', examples: ['http://10.0.0.7:8080'] },
    started: time,
    lastSeen: time,
  },
} as const
const nodesSchema = {
  description: 'Nodes that have joined and live, in order of start',
  type: 'object',
  properties: { nodes: { type: 'array', items: node } },
} as const
const cluster = {
  type: 'object',
  properties: {
    name: { ...text, examples: ['root'] },
    kind: { ...text, enum: ['root', 'licensing'] },
    url: { ...text, description: 'Public, with /_wmcs' },
    cryptographicMode: { type: 'integer' },
    configurationVersion: { type: 'integer' },
  },
} as const
const clustersSchema = {
  description: 'In order of name',
  type: 'object',
  properties: { clusters: { type: 'array', items: cluster } },
} as const
const tags = ['installation']

const appliedSchema = {
  description: 'Every server that answers has it',
  type: 'object',
  properties: {
    configurationVersion: { type: 'integer' },
    leftOut: {
      type: 'array',
      description: 'Servers that the lab keeps from it, as a control is set: they read it when that ends',
      items: { type: 'object', properties: { node: { type: 'string' }, why: { type: 'string' } } },
    },
  },
} as const

export function registerClusters(app: FastifyInstance, { store, clock, timers, ca }: ManagementApi): void {
  app.get(
    '/clusters',
    { schema: { tags, summary: 'The clusters of the forest', response: answers({ 200: clustersSchema }) } },
    async () => ({
      clusters: (await store.clusters.list()).map(
        ({ name, kind, configuration: { baseUrl, cryptographicMode, configurationVersion } }) => ({
          name,
          kind,
          url: baseUrl,
          cryptographicMode,
          configurationVersion,
        }),
      ),
    }),
  )

  app.get<{ Params: { cluster: string } }>(
    '/clusters/:cluster/nodes',
    {
      schema: {
        tags,
        summary: 'The nodes of a cluster, for a balancer',
        description:
          'From the member list of the database. A balancer that is started with --nodes and this address follows it.',
        params: path({ cluster: clusterName }),
        response: answers({ 200: nodesSchema }, 400, 404),
      },
    },
    async ({ params }) => {
      const { name, configuration } = await requireCluster(store, params.cluster)
      const nodes = livingMembers(await store.members.list(name), configuration.configurationRefreshIntervalSeconds)
      return { nodes: nodes.map(({ nodeId, url, started, lastSeen }) => ({ id: nodeId, url, started, lastSeen })) }
    },
  )

  app.get<{ Params: { cluster: string } }>(
    '/clusters/:cluster/applied',
    {
      schema: {
        tags,
        summary: 'Wait until the servers of a cluster have its configuration',
        description:
          'A change of the configuration is answered when it is stored, and servers read it a moment later. This answers when all of them have the one that is stored now. Servers that do not answer are not waited for, nor those that the lab keeps from it: `leftOut` names them.',
        params: path({ cluster: clusterName }),
        response: answers({ 200: appliedSchema }, 400, 404, 504),
      },
    },
    async ({ params }) => {
      const { name, configuration } = await requireCluster(store, params.cluster)
      const { late, leftOut } = await untilApplied(name, configuration, { store, clock, timers, ca })
      if (late.length > 0)
        problem(
          504,
          `${late.join(', ')} of "${name}" did not read version ${configuration.configurationVersion} in time`,
        )
      return { configurationVersion: configuration.configurationVersion, leftOut }
    },
  )
}
