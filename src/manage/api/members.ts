/** The nodes that have joined a cluster, wherever they run: what a balancer on another machine is given. */
import type { FastifyInstance } from 'fastify'
import { livingMembers } from '../../cluster/living-members.js'
import { requireCluster } from './change-configuration.js'
import type { ManagementApi } from './management-api.js'
import { answers, clusterName, path } from './schemas.js'

const text = { type: 'string' } as const
const node = {
  type: 'object',
  properties: {
    id: { ...text, examples: ['root-1'] },
    url: { ...text, description: 'Where the node itself listens', examples: ['http://10.0.0.7:8080'] },
    started: { ...text, description: 'ISO 8601' },
    lastSeen: { ...text, description: 'ISO 8601' },
  },
} as const
const schema = { description: 'Nodes that have joined and live, in order of start', type: 'object', properties: { nodes: { type: 'array', items: node } } } as const

export function registerMembers(app: FastifyInstance, { store }: ManagementApi): void {
  app.get<{ Params: { cluster: string } }>(
    '/clusters/:cluster/nodes',
    {
      schema: {
        tags: ['installation'],
        summary: 'The nodes of a cluster, for a balancer',
        description: 'From the member list of the database. A balancer that is started with --nodes and this address follows it.',
        params: path({ cluster: clusterName }),
        response: answers({ 200: schema }, 400, 404),
      },
    },
    async ({ params }) => {
      const { name } = await requireCluster(store, params.cluster)
      const nodes = livingMembers(await store.members.list(name))
      return { nodes: nodes.map(({ nodeId, url, started, lastSeen }) => ({ id: nodeId, url, started, lastSeen })) }
    },
  )
}
