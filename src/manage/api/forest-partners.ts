/** Partners: installations of other forests that this one knows, and that know it. */
import type { FastifyInstance } from 'fastify'
import {
  forgetPartner,
  introduce,
  knowPartner,
  listPartners,
  type Introduction,
} from '../../administration/forest-partners.js'
import { meetPartner, type PartnerPlace } from '../../administration/meet-partner.js'
import { domain, forestPassword, location, user } from '../../administration/trusted-forests.js'
import { untilAllApplied } from '../../installation/applied.js'
import type { ManagementApi } from './management-api.js'
import { answers, closed, line, path, removed, url } from './schemas.js'

const name = { ...domain, description: 'DNS name of the other forest' } as const
const certificate = {
  type: 'string',
  minLength: 1,
  maxLength: 500_000,
  description: 'SLC of its root cluster with the chain above it: XrML documents, leaf first',
} as const
const partner = {
  type: 'object',
  properties: {
    forest: { type: 'string', examples: ['fabrikam.test'] },
    groupExpansion: { type: 'string', description: 'Where it is asked who is in its groups' },
    userDomain: {
      type: 'string',
      nullable: true,
      description: 'Id of its trusted user domain; null when its account certificates are trusted no longer',
    },
    clusters: { type: 'array', items: { type: 'string' }, description: 'Clusters here that know it' },
  },
} as const
export const partnersSchema = { type: 'array', items: partner } as const
const introduction = { certificate, groupExpansion: location, user, password: forestPassword }
const tags = ['forest']

export function registerForestPartners(app: FastifyInstance, api: ManagementApi): void {
  const { store } = api
  const found = async (forest: string): Promise<object> =>
    (await listPartners(store)).find((other) => other.forest === forest.toLowerCase()) ?? {}

  app.get(
    '/forest/introduction',
    {
      schema: {
        tags,
        summary: 'What a partner must know of this forest',
        description:
          'With the password of the account by which the partner asks about groups: it is that of a lab. Another installation takes it at PUT /forest/partners/{forest}, without its name.',
        response: answers(
          {
            200: {
              description: 'The introduction',
              type: 'object',
              properties: { forest: { type: 'string' }, ...introduction },
            },
          },
          409,
        ),
      },
    },
    async () => introduce(store),
  )

  app.post<{ Body: PartnerPlace }>(
    '/forest/partners',
    {
      schema: {
        tags,
        summary: 'Get to know an installation of another forest',
        description:
          'Both know each other then: each trusts the account certificates of the other one (trusted user domain), asks it about its groups, and lets its people ask for licenses without signing in. Trusted publishing domains are not exchanged. Again, it tells clusters that were added, and what is other after a new start.',
        body: closed(
          {
            url: { ...url, description: 'Management address of the other one', examples: ['http://127.0.0.1:7090'] },
            token: { ...line(4096, 'its-token'), description: 'Its management token, where it asks for one' },
          },
          ['url'],
        ),
        response: answers({ 201: { description: 'The partner', ...partner } }, 400, 409),
      },
    },
    async ({ body }, reply) => {
      const { forest } = await meetPartner(api, body)
      await untilAllApplied(api)
      return reply.code(201).send(await found(forest))
    },
  )

  app.put<{ Params: { forest: string }; Body: Omit<Introduction, 'forest'> }>(
    '/forest/partners/:forest',
    {
      schema: {
        tags,
        summary: 'Know another forest, by its introduction',
        description: 'This side alone. Each cluster here trusts and asks it from then on.',
        params: path({ forest: name }),
        body: closed(introduction, ['certificate', 'groupExpansion', 'user', 'password']),
        response: answers({ 200: { description: 'The partner', ...partner } }, 400, 404, 409),
      },
    },
    async ({ params: { forest }, body }) => {
      await knowPartner(api, { forest, ...body })
      await untilAllApplied(api)
      return found(forest)
    },
  )

  app.delete<{ Params: { forest: string } }>(
    '/forest/partners/:forest',
    {
      schema: {
        tags,
        summary: 'Know another forest no longer',
        description:
          'This side alone: its account certificates get no licenses here, and it is asked about no groups. Who may come to license.asmx without signing in stays as it is.',
        params: path({ forest: name }),
        response: answers(removed, 400, 404, 409),
      },
    },
    async ({ params: { forest } }, reply) => {
      await forgetPartner(store, forest)
      await untilAllApplied(api)
      return reply.code(204).send()
    },
  )
}
