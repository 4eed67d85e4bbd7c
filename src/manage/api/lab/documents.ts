/** The documents of the journal, and those that are kept for good: listed, one with those above and below it, its text, and what the explainer says of it. */
import type { FastifyInstance } from 'fastify'
import type { LabOffice } from '../../../administration/lab/ask-server.js'
import {
  documentKinds,
  documentText,
  explainDocument,
  findDocument,
  forgetDocuments,
  listDocuments,
  type DocumentFilter,
} from '../../../administration/lab/documents.js'
import type { Explaining } from '../../../administration/lab/explain.js'
import { answers, closed, limit, line, path } from '../schemas.js'
import { explanation } from './explain.js'
import { tags } from './schemas.js'

const text = { type: 'string' } as const
const document = {
  type: 'object',
  properties: {
    kind: text,
    id: text,
    hash: { ...text, description: 'SHA-256 of its text' },
    characters: { type: 'integer' },
    account: { ...text, description: 'Holder of a certificate or a use license, author of a publishing license' },
    content: { ...text, description: 'Id of the content' },
    first: { ...text, description: 'When it was seen first, by the clock of the forest' },
    last: { ...text, description: 'When it was seen last' },
    seen: { type: 'integer', description: 'In how many exchanges' },
    exchanges: {
      type: 'array',
      items: text,
      description:
        'Ids of the last ones; of one that is kept for good, the first and the last stand there when the journal has let them go',
    },
    kept: { type: 'boolean', description: 'It is kept for good' },
  },
} as const
const documents = { type: 'array', items: document } as const
const gaps = { type: 'array', items: { type: 'object', properties: { node: text, text } } } as const
const page = {
  description: 'The latest first',
  type: 'object',
  properties: { documents, matched: { type: 'integer' }, gaps },
} as const
const forgotten = {
  description: 'How many were kept for good, and which servers could not be told',
  type: 'object',
  properties: { removed: { type: 'integer' }, gaps },
} as const
const place = {
  description: 'The document, the certificates above it, and what was issued with it',
  type: 'object',
  properties: { document, issuers: documents, children: documents },
} as const

interface Named {
  readonly hash: string
}

export function registerDocuments(app: FastifyInstance, office: LabOffice, explaining: Explaining): void {
  const params = path({ hash: { ...text, maxLength: 100, description: 'SHA-256 of its text, in hexadecimal' } })
  app.get<{ Querystring: DocumentFilter & { readonly limit: number; readonly skip: number } }>(
    '/lab/documents',
    {
      schema: {
        tags,
        summary: 'The documents that came and went',
        description:
          'Those of the exchanges in the journal, which go when these go; and with --keep-documents all that ever passed.',
        querystring: closed({
          kind: { ...text, maxLength: 40, description: documentKinds.join(', ') },
          account: {
            ...line(512, 'bob@contoso.test'),
            description: 'Whom it is of: mail address, or the part before the @',
          },
          guid: { ...line(100), description: 'Id of the content, or of the document itself' },
          hash: { ...line(64), description: 'Or its beginning' },
          limit: limit(1000),
          skip: { type: 'integer', minimum: 0, default: 0, description: 'How many of the latest to leave out' },
        }),
        response: answers({ 200: page }, 400),
      },
    },
    async ({ query: { limit: most, skip, ...filter } }) => listDocuments(office, filter, { limit: most, skip }),
  )
  app.delete(
    '/lab/documents',
    {
      schema: {
        tags,
        summary: 'Forget the documents that are kept for good',
        description: 'Those of the exchanges in the journal stay until it lets them go: DELETE /lab/journal.',
        response: answers({ 200: forgotten }),
      },
    },
    async () => forgetDocuments(office),
  )
  app.get<{ Params: Named }>(
    '/lab/documents/:hash',
    {
      schema: {
        tags,
        summary: 'One document, with the certificates above it and what was issued with it',
        params,
        response: answers({ 200: place }, 400, 404),
      },
    },
    async ({ params: { hash } }) => findDocument(office, hash),
  )
  app.get<{ Params: Named }>(
    '/lab/documents/:hash/raw',
    {
      schema: {
        tags,
        summary: 'The text of a document',
        description:
          'Private keys in it are blanked, and X-Blanked says so, unless the journal shows secrets: such a text does not verify any more.',
        params,
        response: answers({ 200: { description: 'XrML', content: { 'text/xml': { schema: text } } } }, 400, 404),
      },
    },
    async ({ params: { hash } }, reply) => {
      const found = await documentText(office, hash)
      if (found.isBlanked) reply.header('x-blanked', 'private-key')
      return reply.type('text/xml; charset=utf-8').send(found.text)
    },
  )
  app.get<{ Params: Named }>(
    '/lab/documents/:hash/explain',
    {
      schema: {
        tags,
        summary: 'Whether a document is good, each check in order',
        description: 'The certificates above it stand behind it, as far as they are there.',
        params,
        response: answers({ 200: explanation }, 400, 404),
      },
    },
    async ({ params: { hash } }) => explainDocument(office, explaining, hash),
  )
}
