/** The forest and its service connection point (SCP): where clients and licensing-only clusters find the root (adrms-deployment 1.6). */
import type { FastifyInstance } from 'fastify'
import type { Store } from '../../cluster/store/open.js'
import type { ManagementApi } from './management-api.js'
import { problem } from './problem.js'
import { answers, closed, removed, url } from './schemas.js'

interface ServiceConnectionPoint {
  readonly url: string | null
  /** `stale`: it names a URL that is no root cluster of this database. */
  readonly state: 'current' | 'stale' | 'absent'
  /** The root cluster it names, or should name. */
  readonly cluster: string | null
}

const scpSchema = {
  type: 'object',
  properties: {
    url: { type: 'string', nullable: true, examples: ['http://127.0.0.1:7000/_wmcs/certification'] },
    state: { type: 'string', enum: ['current', 'stale', 'absent'], description: 'stale: it names a URL that is no root cluster of this database' },
    cluster: { type: 'string', nullable: true, description: 'The root cluster of this database' },
  },
} as const
const forestSchema = {
  description: 'The forest',
  type: 'object',
  properties: {
    dnsName: { type: 'string', examples: ['contoso.test'] },
    netbiosName: { type: 'string', examples: ['CONTOSO'] },
    domainSid: { type: 'string' },
    serviceConnectionPoint: scpSchema,
  },
} as const
const tags = ['forest']

export function registerForest(app: FastifyInstance, { store }: ManagementApi): void {
  app.get('/forest', { schema: { tags, summary: 'Names of the forest, and its service connection point', response: answers({ 200: forestSchema }) } }, async () => {
    const { dnsName, netbiosName, domainSid } = await store.forest.read()
    return { dnsName, netbiosName, domainSid, serviceConnectionPoint: await readServiceConnectionPoint(store) }
  })

  app.put<{ Body: { url: string; force: boolean } }>(
    '/forest/scp',
    {
      schema: {
        tags,
        summary: 'Register or move the service connection point',
        description: 'To the certification URL of the root cluster. A URL that is no root cluster of this database is refused, unless forced.',
        body: closed({ url: { ...url, examples: ['http://127.0.0.1:7000/_wmcs/certification'] }, force: { type: 'boolean', default: false } }, ['url']),
        response: answers({ 200: { description: 'As it is now', ...scpSchema } }, 400, 409),
      },
    },
    async ({ body }) => {
      const wanted = body.url.replace(/\/$/, '')
      const root = await rootUrl(store)
      if (!body.force && !sameUrl(wanted, root?.url)) {
        problem(409, `${wanted} is no root cluster of this database${root === undefined ? '' : `, that is ${root.url}`}: give its certification URL, or force`)
      }
      await store.forest.moveServiceConnectionPoint(wanted)
      return readServiceConnectionPoint(store)
    },
  )

  app.delete<{ Querystring: { force: boolean } }>(
    '/forest/scp',
    {
      schema: {
        tags,
        summary: 'Remove the service connection point',
        description: 'A stale one, which keeps a new root cluster from being provisioned. One that names the root cluster of this database is removed when forced only: licensing-only clusters find the root by it.',
        querystring: closed({ force: { type: 'boolean', default: false } }),
        response: answers(removed, 400, 404, 409),
      },
    },
    async ({ query }, reply) => {
      const { state, cluster } = await readServiceConnectionPoint(store)
      if (state === 'absent') problem(404, 'The forest has no service connection point')
      if (state === 'current' && !query.force) problem(409, `It names the root cluster "${cluster}", which is in use: move it, or force`)
      await store.forest.unregisterServiceConnectionPoint()
      return reply.code(204).send()
    },
  )
}

async function readServiceConnectionPoint(store: Store): Promise<ServiceConnectionPoint> {
  const { serviceConnectionPoint } = await store.forest.read()
  const root = await rootUrl(store)
  const cluster = root?.cluster ?? null
  if (serviceConnectionPoint === undefined) return { url: null, state: 'absent', cluster }
  return { url: serviceConnectionPoint, state: sameUrl(serviceConnectionPoint, root?.url) ? 'current' : 'stale', cluster }
}

async function rootUrl(store: Store): Promise<{ readonly cluster: string; readonly url: string } | undefined> {
  const root = (await store.clusters.list()).find(({ kind }) => kind === 'root')
  return root === undefined ? undefined : { cluster: root.name, url: `${root.configuration.baseUrl}/certification` }
}

/** Windows writes `Certification`; paths are compared without regard to case. */
function sameUrl(one: string, other: string | undefined): boolean {
  return one.toLowerCase() === other?.toLowerCase()
}
