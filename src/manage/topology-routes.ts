/** Clusters and servers that come and go while the installation runs: the routes of the management API. */
import type { FastifyInstance } from 'fastify'
import type { ExtranetPlan, NewClusterPlan, Topology } from '../installation/changes.js'
import { acceptJsonInUtf8 } from '../node/json-text.js'
import { answerProblem, namePattern } from './api/answer-problem.js'
import { randomSeed } from './api/lab/schemas.js'
import { answers, closed, clusterName, path, removed } from './api/schemas.js'
import { compileValidator, explainValidation } from './api/validation.js'

const text = { type: 'string' } as const
const nodeSchema = {
  description: 'A node',
  type: 'object',
  properties: {
    id: text,
    url: text,
    pid: { type: 'integer' },
    state: {
      type: 'string',
      enum: ['serving', 'draining', 'starting', 'down', 'away'],
      description:
        'As its balancer knows it. down: it runs, but clients get nothing from it. away: its process has ended. starting: it is given no requests yet',
    },
    reason: { ...text, description: 'Why, for people' },
    since: { ...text, description: 'When its balancer saw it come into this state' },
    requests: {
      description: 'Counted by its balancer since that knows it',
      type: 'object',
      properties: {
        running: { type: 'integer', description: 'With the node now' },
        answered: { type: 'integer', description: 'Answered by the node, whatever the answer' },
        failed: {
          type: 'integer',
          description: 'Not answered by the node: it refused the connection, died or took too long',
        },
      },
    },
  },
} as const
const clusterSchema = {
  description: 'A cluster',
  type: 'object',
  properties: {
    name: text,
    kind: { type: 'string', enum: ['root', 'licensing'] },
    url: text,
    extranetUrl: text,
    configurationVersion: { type: 'integer', description: 'Left out while the database is away' },
    decommissioned: {
      type: 'boolean',
      description: 'It hands out content keys and does nothing else. Left out while the database is away',
    },
    balancer: {
      description: 'The balancer before it, where it was started with the installation',
      type: 'object',
      properties: {
        url: { ...text, description: 'Its status page; also /status and /metrics there' },
        pid: { type: 'integer' },
        state: { type: 'string', enum: ['serving', 'down', 'away'] },
        reason: text,
      },
    },
    nodes: { type: 'array', items: nodeSchema },
  },
} as const
export const statusSchema = {
  description: 'The installation',
  type: 'object',
  properties: {
    forest: text,
    partners: { type: 'array', items: text, description: 'Forests that it knows; left out where there are none' },
    version: { ...text, description: 'Of the program' },
    clusters: { type: 'array', items: clusterSchema },
    lab: {
      type: 'array',
      items: text,
      description: 'What is set in the lab, each in a few words; left out where nothing is',
    },
    seed: randomSeed,
    scopes: {
      description: 'Left out where it has none',
      type: 'object',
      properties: {
        most: { type: 'integer', description: 'How many there may be' },
        url: { ...text, description: 'Where they are: a name follows' },
        names: { type: 'array', items: text },
      },
    },
  },
} as const

const newClusterName = {
  ...clusterName,
  maxLength: 64,
  pattern: namePattern,
  examples: ['legal'],
} as const
const nodeId = { type: 'string', minLength: 1, maxLength: 200, examples: ['root-2'] } as const
const tags = ['installation']
const server = path({ id: nodeId })
const extranet = closed({
  port: { type: 'integer', minimum: 0, maximum: 65535, description: 'The next free one when left out' },
})
const newCluster = closed(
  {
    name: newClusterName,
    nodes: { type: 'integer', minimum: 1, maximum: 64, default: 1, description: 'How many servers it begins with' },
    enrollment: {
      type: 'string',
      enum: ['self', 'root'],
      default: 'self',
      description: 'Self-enrollment, or SubEnroll at the root',
    },
    port: {
      type: 'integer',
      minimum: 0,
      maximum: 65535,
      description: 'Port of its balancer; the next free one when left out',
    },
    extranet: { ...extranet, description: 'A second listener, for the extranet' },
  },
  ['name'],
)

export async function registerTopology(app: FastifyInstance, topology: Topology): Promise<void> {
  await app.register(async (scope) => {
    scope.setValidatorCompiler(compileValidator)
    scope.setSchemaErrorFormatter((errors, part) => explainValidation(errors, part))
    acceptJsonInUtf8(scope)
    scope.setErrorHandler(answerProblem)
    registerAdding(scope, topology)
    registerExtranet(scope, topology)
    registerServers(scope, topology)
  })
}

function registerAdding(app: FastifyInstance, topology: Topology): void {
  app.post<{ Body: NewClusterPlan }>(
    '/clusters',
    {
      schema: {
        tags,
        summary: 'Add a licensing-only cluster, with its servers',
        body: newCluster,
        response: answers({ 201: clusterSchema }, 400, 409, 501),
      },
    },
    async ({ body }, reply) => reply.code(201).send(await topology.addCluster(body)),
  )
  app.delete<{ Params: { cluster: string }; Querystring: { force?: boolean } }>(
    '/clusters/:cluster',
    {
      schema: {
        tags,
        summary: 'Remove a licensing-only cluster',
        description:
          'Its servers finish their requests first. Its key goes with it: what it has protected can be opened by nobody, unless a reset or a snapshot brings it back. So it takes force=true.',
        params: path({ cluster: clusterName }),
        querystring: closed({ force: { type: 'boolean', default: false } }),
        response: answers(removed, 400, 404, 409, 501),
      },
    },
    async ({ params, query }, reply) => {
      await topology.removeCluster(params.cluster, query.force === true)
      return reply.code(204).send(null)
    },
  )
  app.post<{ Params: { cluster: string } }>(
    '/clusters/:cluster/servers',
    {
      schema: {
        tags,
        summary: 'Add a server to a cluster',
        params: path({ cluster: clusterName }),
        response: answers({ 201: nodeSchema }, 400, 404, 409, 501),
      },
    },
    async ({ params }, reply) => reply.code(201).send(await topology.addServer(params.cluster)),
  )
}

function registerExtranet(app: FastifyInstance, topology: Topology): void {
  const params = path({ cluster: clusterName })
  app.put<{ Params: { cluster: string }; Body: ExtranetPlan }>(
    '/clusters/:cluster/extranet',
    {
      schema: {
        tags,
        summary: 'Open the extranet listener of a cluster',
        description:
          'Its URLs stand in what is issued from then on, unless others were set. Content published before keeps its own.',
        params,
        body: extranet,
        response: answers({ 200: clusterSchema }, 400, 404, 409, 501),
      },
    },
    async ({ params, body }) => topology.setExtranet(params.cluster, body),
  )
  app.delete<{ Params: { cluster: string } }>(
    '/clusters/:cluster/extranet',
    {
      schema: {
        tags,
        summary: 'Close the extranet listener of a cluster',
        description: 'It finishes its requests first.',
        params,
        response: answers(removed, 400, 404, 409, 501),
      },
    },
    async ({ params }, reply) => {
      await topology.setExtranet(params.cluster, undefined)
      return reply.code(204).send(null)
    },
  )
}

function registerServers(app: FastifyInstance, topology: Topology): void {
  app.delete<{ Params: { id: string }; Querystring: { force?: boolean } }>(
    '/servers/:id',
    {
      schema: {
        tags,
        summary: 'Remove a server',
        description:
          'It finishes its requests first. The last server of the root cluster stays; the last one of a licensing-only cluster leaves with force=true.',
        params: server,
        querystring: closed({ force: { type: 'boolean', default: false } }),
        response: answers(removed, 400, 404, 409, 501),
      },
    },
    async ({ params, query }, reply) => {
      await topology.removeServer(params.id, query.force === true)
      return reply.code(204).send(null)
    },
  )
  app.post<{ Params: { id: string } }>(
    '/servers/:id/drain',
    {
      schema: {
        tags,
        summary: 'Give a server no more requests',
        description: 'Answers when it has finished those it had. It stays until it is removed.',
        params: server,
        response: answers({ 200: nodeSchema }, 400, 404, 409, 501),
      },
    },
    async ({ params }) => topology.drainServer(params.id),
  )
  app.post<{ Params: { id: string } }>(
    '/servers/:id/resume',
    {
      schema: {
        tags,
        summary: 'Give a drained server requests again',
        params: server,
        response: answers({ 200: nodeSchema }, 400, 404, 409, 501),
      },
    },
    async ({ params }) => topology.resumeServer(params.id),
  )
  app.post<{ Params: { id: string } }>(
    '/servers/:id/kill',
    {
      schema: {
        tags,
        summary: 'Kill the process of a server, as a power failure would',
        description: 'For the lab. It is started again, unless the installation was started with --no-restart.',
        params: server,
        response: answers(removed, 400, 404, 409, 501),
      },
    },
    async ({ params }, reply) => {
      await topology.killServer(params.id)
      return reply.code(204).send(null)
    },
  )
}
