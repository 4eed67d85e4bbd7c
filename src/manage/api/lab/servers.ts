/** What is set for single servers of the lab, and for all of them together. */
import type { FastifyInstance } from 'fastify'
import type { LabOffice } from '../../../administration/lab/ask-server.js'
import {
  changeInstallationControls,
  clearInstallationControls,
  putInstallationControls,
  readInstallationControls,
} from '../../../administration/lab/installation.js'
import { changeServer, clearServer, findServer, listServers, putServer } from '../../../administration/lab/servers.js'
import { answers, path } from '../schemas.js'
import { notEverywhere, tags, toldServers } from './schemas.js'

const text = { type: 'string' } as const
/** The lab itself reads what is put, and names the nearest right thing. */
const anything = (description: string) => ({ description })

const controls = {
  paused: anything('true: it takes connections and answers nothing, until it is resumed'),
  skew: anything('How much its clock differs from that of the forest: ISO 8601, such as -PT5M'),
  slow: anything('How much later each answer comes: ISO 8601, or {"median":"PT0.5S","sigma":0.8}'),
  stale: anything('true: it goes on with the configuration that it has, whatever is changed'),
  wrongKeyPassword: anything('true: no service of it can work, as with a wrong cluster key password'),
  directoryAway: anything('true: it does not reach the directory, and knows those alone whom it remembers'),
  unseen: anything('true: balancers take it for one that is down; who asks it directly is served'),
} as const
const shared = {
  databaseAway: anything('true: no server reaches the database; management does'),
  logQueueFull: anything('true: no server can keep what its request log has to say, so that none answers'),
} as const

const wanted = { type: 'object', properties: controls, examples: [{ paused: true }] } as const
const sharedWanted = { type: 'object', properties: shared, examples: [{ databaseAway: true }] } as const
const serverProperties = { node: text, cluster: text, ...controls } as const
const server = {
  description: 'The server, and what is set for it',
  type: 'object',
  properties: serverProperties,
} as const
const changed = { ...server, properties: { ...serverProperties, nodes: toldServers } } as const
const sharedReading = { description: 'What is set for all servers', type: 'object', properties: shared } as const
const sharedChanged = { ...sharedReading, properties: { ...shared, nodes: toldServers } } as const

interface Named {
  readonly id: string
}

export function registerServerControls(app: FastifyInstance, office: LabOffice): void {
  const params = path({ id: { ...text, maxLength: 200, description: 'Id of a server', examples: ['root-2'] } })
  const response = { ...answers({ 200: changed }, 400, 404), ...notEverywhere }
  app.get(
    '/lab/servers',
    {
      schema: {
        tags,
        summary: 'Every server, and what is set for it',
        response: answers({
          200: {
            description: 'In order of their ids',
            type: 'object',
            properties: { servers: { type: 'array', items: server } },
          },
        }),
      },
    },
    async () => ({ servers: await listServers(office) }),
  )
  app.put<{ Params: Named }>(
    '/lab/servers/:id',
    {
      schema: {
        tags,
        summary: 'Pause a server, or let it be slow, stale, without directory …',
        description:
          'What is not named ends. Every living server knows it when the answer comes, also one that is paused; balancers learn from their checks.',
        params,
        body: wanted,
        response,
      },
    },
    async ({ params: { id }, body }) => putServer(office, id, body),
  )
  app.patch<{ Params: Named }>(
    '/lab/servers/:id',
    {
      schema: {
        tags,
        summary: 'Change what is set for a server',
        description: 'What is not named stays; false or null ends it.',
        params,
        body: wanted,
        response,
      },
    },
    async ({ params: { id }, body }) => changeServer(office, id, body),
  )
  app.get<{ Params: Named }>(
    '/lab/servers/:id',
    { schema: { tags, summary: 'What is set for a server', params, response: answers({ 200: server }, 400, 404) } },
    async ({ params: { id } }) => findServer(office, id),
  )
  app.delete<{ Params: Named }>(
    '/lab/servers/:id',
    {
      schema: {
        tags,
        summary: 'End all that is set for a server',
        description: 'Requests that it left without an answer go on.',
        params,
        response,
      },
    },
    async ({ params: { id } }) => clearServer(office, id),
  )
}

export function registerInstallationControls(app: FastifyInstance, office: LabOffice): void {
  const response = { ...answers({ 200: sharedChanged }, 400), ...notEverywhere }
  app.put(
    '/lab/installation',
    {
      schema: {
        tags,
        summary: 'Take the database away, or let the log queue be full',
        description: 'For all servers; what is not named ends. Management reaches the database all the same.',
        body: sharedWanted,
        response,
      },
    },
    async ({ body }) => putInstallationControls(office, body),
  )
  app.patch(
    '/lab/installation',
    {
      schema: {
        tags,
        summary: 'Change what is set for all servers',
        description: 'What is not named stays; false or null ends it.',
        body: sharedWanted,
        response,
      },
    },
    async ({ body }) => changeInstallationControls(office, body),
  )
  app.get(
    '/lab/installation',
    { schema: { tags, summary: 'What is set for all servers', response: answers({ 200: sharedReading }) } },
    async () => readInstallationControls(office),
  )
  app.delete(
    '/lab/installation',
    { schema: { tags, summary: 'End all that is set for all servers', response } },
    async () => clearInstallationControls(office),
  )
}
