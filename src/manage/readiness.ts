/** /readyz of the management listener: whether each cluster has a server that is ready. For everybody, as at the servers themselves. */
import type { FastifyInstance } from 'fastify'
import { DatabaseAway } from '../cluster/store/database-away.js'
import { readinessOf, type InstallationReadiness } from '../installation/readiness.js'
import type { InstallationStatus } from '../installation/status.js'

const text = { type: 'string' } as const
const texts = { type: 'array', items: text } as const
const readiness = {
  description: 'Each cluster, with its servers that are ready and those that are not',
  type: 'object',
  properties: {
    status: { ...text, description: 'ready, or unable' },
    reason: { ...text, description: 'Which cluster has no server that is ready, and why; left out where it is ready' },
    clusters: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: text,
          ready: texts,
          others: { type: 'array', items: { type: 'object', properties: { id: text, state: text, reason: text } } },
        },
      },
    },
  },
} as const

export function registerReadiness(
  app: FastifyInstance,
  status: () => Promise<Pick<InstallationStatus, 'clusters'>>,
): void {
  /** Servers and balancers are asked once, however many want to know. */
  let looking: Promise<InstallationReadiness> | undefined
  const look = (): Promise<InstallationReadiness> =>
    (looking ??= readStatus(status).finally(() => {
      looking = undefined
    }))
  app.get(
    '/readyz',
    {
      schema: {
        tags: ['installation'],
        summary: 'Whether each cluster has a server that is ready',
        security: [],
        response: { 200: readiness, 503: { ...readiness, description: 'A cluster has none' } },
      },
    },
    async (_request, reply) => {
      const found = await look()
      return reply.code(found.status === 'ready' ? 200 : 503).send(found)
    },
  )
}

async function readStatus(status: () => Promise<Pick<InstallationStatus, 'clusters'>>): Promise<InstallationReadiness> {
  try {
    return readinessOf((await status()).clusters)
  } catch (error) {
    if (error instanceof DatabaseAway) return { status: 'unable', clusters: [], reason: 'The database is away' }
    throw error
  }
}
