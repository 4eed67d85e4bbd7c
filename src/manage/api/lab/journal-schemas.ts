/** JSON Schema pieces of the journal. */
import { line } from '../schemas.js'

const text = { type: 'string' } as const
const words = { type: 'array', items: text } as const
const time = { ...line(40, '2026-01-01T00:00:00Z'), description: 'By the clock of the forest, ISO 8601' } as const

/** As `JournalFilter` has it. */
export const filterProperties = {
  operation: { ...line(200, 'AcquireLicense'), description: 'Operation; the service where it came to none' },
  user: {
    ...line(512, 'bob'),
    description: 'Who signed in, or whose documents they are: name in any form, or mail address',
  },
  node: line(256, 'root-1'),
  cluster: line(100, 'root'),
  listener: { ...line(256, 'extranet'), description: 'Of the balancer; direct for those that came to the node itself' },
  outcome: { type: 'string', enum: ['Succeeded', 'Failed'] },
  status: { type: 'integer', minimum: 0, maximum: 599 },
  exception: {
    ...line(300, 'NoRightsForRequestedPrincipal'),
    description: 'What it was refused with, in full or the last part of it',
  },
  step: { ...line(200, 'decide rights'), description: 'The step that refused' },
  fault: { ...line(300, 'slow'), description: 'A fault of the lab that fired' },
  guid: { ...line(100), description: 'Of a content, a template or a document in it' },
  document: { ...line(100), description: 'SHA-256 of a document in it' },
  requestId: { ...line(200), description: "The server's or the client's own" },
  text: { ...line(1000), description: 'Somewhere in request, answer or reason, in any case' },
  since: { ...time, description: `At this time or later. ${time.description}` },
  until: { ...time, description: `Before this time. ${time.description}` },
} as const

export const cursor = {
  type: 'string',
  maxLength: 20_000,
  description: 'A position in the journals of all servers',
} as const

const message = {
  type: 'object',
  properties: {
    method: text,
    url: text,
    status: { type: 'integer' },
    httpVersion: text,
    headers: { type: 'array', items: { type: 'object', properties: { name: text, value: text } } },
    body: text,
    encoding: { ...text, description: 'base64 where the body is no text' },
  },
} as const

const entryProperties = {
  id: text,
  time,
  node: text,
  cluster: text,
  listener: text,
  operation: text,
  method: text,
  path: text,
  user: text,
  requestId: text,
  clientRequestId: text,
  status: { type: 'integer', description: '0 where nothing was answered' },
  outcome: filterProperties.outcome,
  ms: { type: 'number' },
  exception: text,
  why: text,
  faults: words,
  warnings: words,
  steps: { type: 'array', items: { type: 'object', properties: { step: text, ms: { type: 'number' } } } },
  decision: {
    type: 'array',
    description: 'Why it was refused',
    items: { type: 'object', properties: { step: text, rule: text, wanted: text, found: text } },
  },
  nearMisses: {
    type: 'array',
    description: 'What would have been right, or nearly',
    items: { type: 'object', properties: { kind: text, text } },
  },
  documents: {
    type: 'array',
    items: {
      type: 'object',
      properties: {
        direction: { type: 'string', enum: ['in', 'out'] },
        kind: text,
        id: text,
        hash: { ...text, description: 'SHA-256 of its text' },
        characters: { type: 'integer' },
      },
    },
  },
} as const

export const entrySchema = {
  description: 'An exchange',
  type: 'object',
  properties: { ...entryProperties, request: message, answer: message },
} as const
const entries = { type: 'array', items: entrySchema } as const
const gaps = {
  type: 'array',
  description: 'What is not here, and why',
  items: { type: 'object', properties: { node: text, text } },
} as const
const nearest = {
  type: 'array',
  description: 'Exchanges that nearly fit',
  items: {
    type: 'object',
    properties: {
      ...Object.fromEntries(['id', 'time', 'operation', 'user', 'outcome', 'why'].map((name) => [name, text])),
      status: { type: 'integer' },
      differences: { type: 'array', items: { type: 'object', properties: { field: text, wanted: text, found: text } } },
    },
  },
} as const

export const page = {
  description: 'In order of time; of one server in the order in which they ended there',
  content: {
    'application/json': {
      schema: {
        type: 'object',
        properties: { entries, matched: { type: 'integer' }, position: text, earlier: text, gaps },
      },
    },
    'application/x-ndjson': { schema: text },
  },
} as const

const error = { error: text, message: text } as const

export const waited = {
  200: { description: 'They came', type: 'object', properties: { entries } },
  408: {
    description: 'They did not come in time',
    type: 'object',
    properties: { ...error, entries, nearest },
  },
} as const

const found = { ok: { type: 'boolean' }, count: { type: 'integer' }, expected: text, entries, nearest, gaps } as const
export const verified = { description: 'There were', type: 'object', properties: found } as const
export const unverified = { description: 'There were not', type: 'object', properties: { ...error, ...found } } as const
