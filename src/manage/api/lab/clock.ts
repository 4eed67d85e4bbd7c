/** The clock of the forest. */
import type { FastifyInstance } from 'fastify'
import { advanceClock, putClock, readClock } from '../../../administration/lab/clock.js'
import type { LabOffice } from '../../../administration/lab/ask-server.js'
import { answers } from '../schemas.js'
import { clockReading, clockWanted, duration, notEverywhere, tags, toldServers } from './schemas.js'

const changed = { ...clockReading, properties: { ...clockReading.properties, nodes: toldServers } } as const
const response = { ...answers({ 200: changed }, 400), ...notEverywhere }

export function registerClock(app: FastifyInstance, office: LabOffice): void {
  app.get(
    '/lab/clock',
    { schema: { tags, summary: 'How the clock of the forest is set', response: answers({ 200: clockReading }) } },
    async () => readClock(office),
  )
  app.put(
    '/lab/clock',
    {
      schema: {
        tags,
        summary: 'Set the clock of the forest',
        description:
          'Certificates, licenses, tokens, NTLM, templates and the request log follow it, at every server from the answer on. TLS certificates, time-outs, health checks and measured times stay real.',
        body: clockWanted,
        response,
      },
    },
    async ({ body }) => putClock(office, body),
  )
  app.post(
    '/lab/clock/advance',
    {
      schema: {
        tags,
        summary: 'Let time go by in the forest',
        description: 'A clock that stands stands at the later time, one that runs runs on from there.',
        body: { type: 'object', properties: { by: duration } },
        response,
      },
    },
    async ({ body }) => advanceClock(office, body),
  )
}
