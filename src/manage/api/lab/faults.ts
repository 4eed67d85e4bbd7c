/** The faults of the lab. */
import type { FastifyInstance } from 'fastify'
import { findFault, listFaults, putFault, removeFault, type FaultOffice } from '../../../administration/lab/faults.js'
import { catalogue, rowsOfOthers } from '../../../lab/faults/catalogue.js'
import { serverSymptoms } from '../../../lab/servers/symptoms.js'
import { matchMembers } from '../../../lab/faults/match.js'
import { answers, path } from '../schemas.js'
import { notEverywhere, tags, toldServers } from './schemas.js'

const text = { type: 'string' } as const
const texts = { type: 'array', items: text } as const
const anyObject = { type: 'object', additionalProperties: true } as const

const match = {
  ...anyObject,
  description: `Which requests: ${matchMembers.join(', ')}; each a text or a list of them. All of them, without`,
  examples: [{ operation: 'AcquireLicense', user: 'bob@contoso.test' }],
} as const
const effect = {
  ...anyObject,
  description: 'What becomes of the answer: one of exception, code, http, delay, reset, truncate, hang, document',
  examples: [{ exception: 'InvalidOfficialRightsTemplate' }],
} as const
const when = {
  ...anyObject,
  description: 'How often: next or every or chance, with after; or from and to; or asked. Always, without',
  examples: [{ next: 1 }],
} as const
const ready = { ...text, description: 'Name of a fault of the catalogue', examples: ['template-deleted'] } as const
const seed = { type: 'integer', description: 'What chance draws from; drawn itself when left out' } as const

const faultProperties = {
  name: text,
  ready,
  match: { type: 'object', properties: Object.fromEntries(matchMembers.map((member) => [member, texts])) },
  effect: anyObject,
  when: anyObject,
  seed,
  matched: { type: 'integer', description: 'Requests that it matched so far, at all servers' },
  usedUp: { type: 'boolean', description: 'true: it has struck as often as "when" says, and does nothing any more' },
} as const
const reading = { description: 'The fault', type: 'object', properties: faultProperties } as const
const changed = { ...reading, properties: { ...faultProperties, nodes: toldServers } } as const
const removal = {
  description: 'What it has matched',
  type: 'object',
  properties: {
    name: text,
    matched: { type: 'integer', description: 'Requests that it matched in its life' },
    note: { ...text, description: 'Of a fault that matched none' },
    nodes: toldServers,
  },
} as const
const listing = {
  description: 'The ready faults, and the rows of the symptom catalogue that no server can cause',
  type: 'object',
  properties: {
    faults: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: text,
          row: { type: 'integer' },
          cause: { ...text, description: 'What was behind it on Windows' },
          symptom: { ...text, description: 'What the client has of it' },
          fault: anyObject,
          needsNode: { type: 'boolean', description: 'It is of one server: match says of which' },
        },
      },
    },
    servers: {
      type: 'array',
      description: 'Rows that are brought about by what is set for servers: PUT /lab/servers/ID and /lab/installation',
      items: {
        type: 'object',
        properties: {
          row: { type: 'integer' },
          of: { ...text, description: 'server, or installation' },
          control: text,
          cause: text,
          symptom: text,
        },
      },
    },
    others: {
      type: 'array',
      items: { type: 'object', properties: { row: { type: 'integer' }, symptom: text, reason: text } },
    },
  },
} as const

interface Named {
  readonly name: string
}

export function registerFaults(app: FastifyInstance, office: FaultOffice): void {
  const params = path({ name: { ...text, maxLength: 300, description: 'Name of a fault', examples: ['gone'] } })
  app.get(
    '/lab/faults',
    {
      schema: {
        tags,
        summary: 'The faults that are set',
        response: answers({
          200: {
            description: 'In order of their names, in which they act',
            type: 'object',
            properties: { faults: { type: 'array', items: reading } },
          },
        }),
      },
    },
    async () => ({ faults: await listFaults(office) }),
  )
  app.get(
    '/lab/faults/catalogue',
    {
      schema: {
        tags,
        summary: 'The ready faults',
        description: 'For each row of the symptom catalogue that a server can cause, one that is set by its name.',
        response: answers({ 200: listing }),
      },
    },
    async () => ({ faults: catalogue, servers: serverSymptoms, others: rowsOfOthers }),
  )
  app.put<{ Params: Named }>(
    '/lab/faults/:name',
    {
      schema: {
        tags,
        summary: 'Set a fault',
        description:
          'Every living server has it when the answer comes. A fault of that name ends, and the new one counts from nothing. With `ready`, effect and match are those of the catalogue, and `match` narrows them.',
        params,
        body: { type: 'object', properties: { ready, match, effect, when, seed } },
        response: { ...answers({ 200: changed }, 400, 404), ...notEverywhere },
      },
    },
    async ({ params, body }) => putFault(office, params.name, body),
  )
  app.get<{ Params: Named }>(
    '/lab/faults/:name',
    { schema: { tags, summary: 'One fault', params, response: answers({ 200: reading }, 400, 404) } },
    async ({ params }) => findFault(office, params.name),
  )
  app.delete<{ Params: Named }>(
    '/lab/faults/:name',
    {
      schema: {
        tags,
        summary: 'End a fault',
        description: 'No living server has it when the answer comes. Requests that it left without an answer go on.',
        params,
        response: { ...answers({ 200: removal }, 400, 404), ...notEverywhere },
      },
    },
    async ({ params }) => removeFault(office, params.name),
  )
}
