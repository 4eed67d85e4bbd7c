/** The management listener: what runs, for the CLI and for people. Apart from /_wmcs, on a port of its own. */
import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import Fastify, { LogController, type FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { ClusterKind } from '../cluster/store/cluster-store.js'

export interface NodeStatus {
  readonly id: string
  readonly url: string
  readonly pid: number
}

export interface ClusterStatus {
  readonly name: string
  readonly kind: ClusterKind
  /** Public base URL, with /_wmcs. */
  readonly url: string
  readonly nodes: readonly NodeStatus[]
}

export interface InstallationStatus {
  readonly forest: string
  readonly clusters: readonly ClusterStatus[]
}

export interface ManagementOptions {
  readonly host: string
  readonly port: number
  readonly log: Logger | undefined
  readonly status: () => InstallationStatus
}

const text = { type: 'string' } as const
const nodeSchema = { type: 'object', properties: { id: text, url: text, pid: { type: 'integer' } } } as const
const clusterSchema = {
  type: 'object',
  properties: { name: text, kind: { type: 'string', enum: ['root', 'licensing'] }, url: text, nodes: { type: 'array', items: nodeSchema } },
} as const
const statusSchema = { type: 'object', properties: { forest: text, clusters: { type: 'array', items: clusterSchema } } } as const

export async function startManagement({ host, port, log, status }: ManagementOptions): Promise<{ readonly url: string; close(): Promise<void> }> {
  const app = Fastify({
    ...(log === undefined ? {} : { loggerInstance: log }),
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: 'idle',
  }) as unknown as FastifyInstance
  await app.register(fastifySwagger, { openapi: { openapi: '3.0.3', info: { title: 'rms-emulator management', version: '1.0.0' } } })
  await app.register(fastifySwaggerUi, { routePrefix: '/docs' })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  await app.register(async (scope) => {
    scope.get('/healthz', { schema: { summary: 'Whether the process lives' } }, async () => ({ status: 'ok' }))
    scope.get('/status', { schema: { summary: 'Forest, clusters and nodes', response: { 200: statusSchema } } }, async () => status())
  })
  const url = await app.listen({ host, port })
  return { url, close: () => app.close() }
}
