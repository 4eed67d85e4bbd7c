/** The request log: who asked which node for what, and what came of it (adrms-deployment 3.7). JSON, or CSV where Accept asks for it. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { queryOf, type RequestFilter } from '../../administration/requests.js'
import type { RequestLogRecord } from '../../cluster/request-log.js'
import { csv } from './csv.js'
import type { ManagementApi } from './management-api.js'
import { answers, closed, clusterName, limit, line } from './schemas.js'

interface Page extends RequestFilter {
  readonly limit: number
  readonly offset: number
  readonly xrml: boolean
}

const time = {
  type: 'string',
  maxLength: 30,
  pattern: '^\\d{4}-\\d{2}-\\d{2}(?:T\\d{2}:\\d{2}(?::\\d{2}(?:\\.\\d{1,3})?)?(?:Z|[+-]\\d{2}:\\d{2})?)?$',
} as const
const filter = {
  cluster: clusterName,
  node: { ...line(256, 'root-1'), description: 'Id of the node that answered' },
  user: { ...line(512, 'CONTOSO\\bob'), description: 'Account that signed in: name in any form, or mail address' },
  listener: {
    ...line(256, 'extranet'),
    description:
      'Listener of the balancer that it came by: intranet, extranet; direct for those that came to the node itself',
  },
  operation: line(256, 'AcquireLicense'),
  requestId: {
    ...line(256, 'mx3ht48r-39'),
    description: 'X-Request-Id of the answer, or the one that the client gave its request',
  },
  result: { type: 'string', enum: ['Succeeded', 'Failed'] },
  since: {
    ...time,
    description: 'At this time or later (ISO 8601, UTC unless told)',
    examples: ['2026-01-01T00:00:00Z'],
  },
  until: { ...time, description: 'Before this time' },
} as const
const page = {
  ...filter,
  limit: limit(1000),
  offset: {
    type: 'integer',
    minimum: 0,
    maximum: 10_000_000,
    default: 0,
    description: 'How many of the newest to pass over; with until set, pages do not shift',
  },
  xrml: {
    type: 'boolean',
    default: false,
    description: 'Also what was received and issued, where nodes are set to log it',
  },
} as const

/** Columns of the CSV, in order. */
const columns = [
  'requestTime',
  'clusterName',
  'hostMachineName',
  'hostMachineRequestId',
  'clientRequestId',
  'listener',
  'requestType',
  'requestPath',
  'authenticatedId',
  'authenticatedState',
  'requestUserAddress',
  'requestUserAgent',
  'secureConnectionState',
  'successOrFailure',
  'errorInformation',
  'metadata',
  'logCreateTime',
  'durationMilliseconds',
] as const satisfies readonly (keyof RequestLogRecord)[]
const xrmlColumns = ['receivedXrml', 'issuedXrml'] as const

const record = {
  type: 'object',
  properties: {
    ...Object.fromEntries([...columns, ...xrmlColumns].map((column) => [column, { type: 'string' }])),
    secureConnectionState: { type: 'boolean' },
    authenticatedState: { type: 'string', enum: ['True', 'False'] },
    durationMilliseconds: { type: 'number' },
    successOrFailure: { type: 'string', enum: ['Succeeded', 'Failed'] },
  },
} as const
const found = {
  description: 'Newest first',
  content: {
    'application/json': { schema: { type: 'object', properties: { requests: { type: 'array', items: record } } } },
    'text/csv': {
      schema: { type: 'string', description: `A header line, then a line for each request: ${columns.join(', ')}` },
    },
  },
} as const
const counted = { description: 'How many', type: 'object', properties: { count: { type: 'integer' } } } as const
const tags = ['request log']

export function registerRequests(app: FastifyInstance, { store }: ManagementApi): void {
  app.get<{ Querystring: Page }>(
    '/requests',
    {
      schema: {
        tags,
        summary: 'Requests to the nodes, newest first',
        description: 'With Accept: text/csv as a table.',
        querystring: closed(page),
        response: answers({ 200: found }, 400),
      },
    },
    async ({ query, headers }, reply): Promise<FastifyReply> => {
      const records = await store.requestLog.query({
        ...(await queryOf(store, query)),
        limit: query.limit,
        offset: query.offset,
      })
      const shown = query.xrml
        ? records
        : records.map(({ receivedXrml: _received, issuedXrml: _issued, ...rest }) => rest)
      if (!prefersCsv(headers.accept)) return reply.type('application/json; charset=utf-8').send({ requests: shown })
      const table = csv<RequestLogRecord>(query.xrml ? [...columns, ...xrmlColumns] : columns, shown)
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="requests.csv"')
        .send(table)
    },
  )

  app.get<{ Querystring: RequestFilter }>(
    '/requests/count',
    {
      schema: {
        tags,
        summary: 'How many requests there were',
        querystring: closed(filter),
        response: answers({ 200: counted }, 400),
      },
    },
    async ({ query }) => ({ count: await store.requestLog.count(await queryOf(store, query)) }),
  )
}

function prefersCsv(accept: string | undefined): boolean {
  const types = (accept ?? '').toLowerCase()
  const csvAt = types.indexOf('text/csv')
  const jsonAt = types.indexOf('application/json')
  return csvAt >= 0 && (jsonAt < 0 || csvAt < jsonAt)
}
