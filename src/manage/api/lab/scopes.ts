/** Scopes: forests of their own below `/f/NAME` of the installation. */
import type { FastifyInstance } from 'fastify'
import { refuseWithoutScopes, type Scopes } from '../../../installation/scopes/scopes.js'
import { answers, path, removed } from '../schemas.js'
import { tags } from './schemas.js'

const text = { type: 'string' } as const
const whole = { type: 'integer' } as const
const properties = {
  name: text,
  url: { ...text, description: 'Of its cluster, with /_wmcs' },
  made: { ...text, description: 'When, by the clock of the machine' },
  used: { ...text, description: 'When its last request ended' },
  running: { ...whole, description: 'Requests that run' },
} as const
const reading = { description: 'The scope', type: 'object', properties } as const
const listing = {
  description: 'In order of their names',
  type: 'object',
  properties: {
    most: { ...whole, description: 'How many there may be at one time' },
    idleSeconds: { ...whole, description: 'Without a request for so long, one is gone' },
    scopes: { type: 'array', items: reading },
  },
} as const
const allRemoved = {
  description: 'Those that are gone',
  type: 'object',
  properties: { removed: { type: 'array', items: text } },
} as const

interface Named {
  readonly name: string
}

/** @param scopes undefined: the installation was started without, and no page lists them */
export function registerScopes(app: FastifyInstance, scopes: Scopes | undefined): void {
  if (scopes === undefined) {
    for (const url of ['/lab/scopes', '/lab/scopes/*']) app.all(url, { schema: { hide: true } }, refuseWithoutScopes)
    return
  }
  const params = path({ name: { ...text, maxLength: 300, description: 'Name of a scope', examples: ['suite-a'] } })
  const address = '/lab/scopes/:name'
  app.get(
    '/lab/scopes',
    { schema: { tags, summary: 'The scopes that there are', response: answers({ 200: listing }) } },
    async () => ({ most: scopes.most, idleSeconds: scopes.idleSeconds, scopes: scopes.list() }),
  )
  app.put<{ Params: Named }>(
    address,
    {
      schema: {
        tags,
        summary: 'Make a scope, unless it is there',
        description:
          'A forest of its own below /f/NAME, as the installation began: accounts, keys, templates, clock, faults, journal. Its first request makes it, too. It is managed below /f/NAME of this listener.',
        params,
        response: answers({ 200: reading, 201: { ...reading, description: 'The scope, just made' } }, 400, 404, 409),
      },
    },
    async ({ params }, reply) => {
      const { scope, isNew } = await scopes.make(params.name)
      return reply.code(isNew ? 201 : 200).send(scope)
    },
  )
  app.get<{ Params: Named }>(
    address,
    { schema: { tags, summary: 'One scope', params, response: answers({ 200: reading }, 400, 404) } },
    async ({ params }) => scopes.find(params.name),
  )
  app.delete<{ Params: Named }>(
    address,
    {
      schema: {
        tags,
        summary: 'Remove a scope',
        description: 'With all that is in it, when its requests have been answered. The next request makes a new one.',
        params,
        response: answers(removed, 400, 404),
      },
    },
    async ({ params }, reply) => {
      await scopes.remove(params.name)
      return reply.code(204).send()
    },
  )
  app.delete(
    '/lab/scopes',
    { schema: { tags, summary: 'Remove all scopes', response: answers({ 200: allRemoved }) } },
    async () => ({ removed: await scopes.removeAll() }),
  )
}
