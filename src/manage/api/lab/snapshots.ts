/** States that are kept by name, to return to. */
import type { FastifyInstance } from 'fastify'
import type { LabOffice } from '../../../administration/lab/ask-server.js'
import { longestSealed, type SnapshotFile } from '../../../administration/lab/snapshot-file.js'
import {
  exportSnapshot,
  findSnapshot,
  importSnapshot,
  listSnapshots,
  removeSnapshot,
  restoreSnapshot,
  takeSnapshot,
} from '../../../administration/lab/snapshots.js'
import { answers, closed, path, removed } from '../schemas.js'
import { hash, notEverywhere, returned, tags } from './schemas.js'

const text = { type: 'string' } as const
const schemaVersion = {
  type: 'integer',
  description: 'Of the program that took it: only that one can restore it',
} as const
const taken = { ...text, description: 'When, by the clock of the machine' } as const
const about = {
  description: 'The snapshot',
  type: 'object',
  properties: {
    name: text,
    schema: schemaVersion,
    taken,
    hash,
    size: { type: 'integer', description: 'In characters' },
  },
} as const
const listing = {
  description: 'In order of their names',
  type: 'object',
  properties: { snapshots: { type: 'array', items: about } },
} as const
const password = {
  ...text,
  maxLength: 1024,
  description: 'Of the file, not of the installation',
  examples: ['Passw0rd!'],
} as const
const file = {
  description: 'A snapshot as a file: the state with its keys is sealed under the password (scrypt, AES-256-GCM)',
  type: 'object',
  properties: {
    format: text,
    name: text,
    schema: schemaVersion,
    taken,
    hash,
    salt: text,
    sealed: text,
    digest: { ...text, description: 'SHA-256 over all the rest' },
  },
} as const

interface Named {
  readonly name: string
}

export function registerSnapshots(app: FastifyInstance, office: LabOffice): void {
  const params = path({ name: { ...text, maxLength: 300, description: 'Name of a snapshot', examples: ['prepared'] } })
  const address = '/lab/snapshots/:name'
  app.get(
    '/lab/snapshots',
    {
      schema: {
        tags,
        summary: 'The snapshots that were taken, and that of the start',
        response: answers({ 200: listing }),
      },
    },
    async () => ({ snapshots: await listSnapshots(office) }),
  )
  app.put<{ Params: Named }>(
    address,
    {
      schema: {
        tags,
        summary: 'Take a snapshot',
        description:
          'Keeps the state of now in the database: all that the state hash is over, and which servers there are. One of that name is replaced.',
        params,
        response: answers({ 200: about }, 400, 404, 409),
      },
    },
    async ({ params }) => takeSnapshot(office, params.name),
  )
  app.get<{ Params: Named }>(
    address,
    { schema: { tags, summary: 'One snapshot', params, response: answers({ 200: about }, 400, 404) } },
    async ({ params }) => findSnapshot(office, params.name),
  )
  app.post<{ Params: Named }>(
    `${address}/restore`,
    {
      schema: {
        tags,
        summary: 'Return to a snapshot',
        description: 'As a reset returns to the state of the start, which has the name start.',
        params,
        response: {
          ...answers({ 200: { ...returned, properties: { name: text, ...returned.properties } } }, 400, 404, 409),
          ...notEverywhere,
        },
      },
    },
    async ({ params }) => restoreSnapshot(office, params.name),
  )
  app.post<{ Params: Named; Body: { password: string } }>(
    `${address}/export`,
    {
      schema: {
        tags,
        summary: 'A snapshot as a file',
        description:
          'Whoever has the file and its password has every key of the installation, and every password. POST /lab/snapshots/NAME/import takes it, here or elsewhere.',
        params,
        body: closed({ password }, ['password']),
        response: answers({ 200: file }, 400, 404, 409),
      },
    },
    async ({ params, body }) => exportSnapshot(office, params.name, body.password),
  )
  app.post<{ Params: Named; Body: { password: string; file: SnapshotFile } }>(
    `${address}/import`,
    {
      bodyLimit: longestSealed + 64 * 1024,
      schema: {
        tags,
        summary: 'Keep a snapshot that is in a file',
        description:
          'Also one of another installation: restored, its clusters have the keys of that one, and the addresses of this one. Nothing else is changed.',
        params,
        body: closed({ password, file: { ...closed(file.properties), description: file.description } }, [
          'password',
          'file',
        ]),
        response: answers({ 200: about }, 400, 404, 409),
      },
    },
    async ({ params, body }) => importSnapshot(office, params.name, body),
  )
  app.delete<{ Params: Named }>(
    address,
    { schema: { tags, summary: 'Remove a snapshot', params, response: answers(removed, 400, 404) } },
    async ({ params }, reply) => {
      await removeSnapshot(office, params.name)
      return reply.code(204).send(null)
    },
  )
}
