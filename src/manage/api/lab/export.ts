/** The installation as a seed file. */
import type { FastifyInstance } from 'fastify'
import { exportSeed, type ExportOffice } from '../../../administration/seed-file/export.js'
import { seedFileText } from '../../../administration/seed-file/write.js'
import { answers, closed } from '../schemas.js'
import { tags } from './schemas.js'

const formats = ['yaml', 'json'] as const

export function registerExport(app: FastifyInstance, office: ExportOffice): void {
  const answered = {
    description: 'YAML; with format=json an object with seedFile and leftOut',
    content: {
      'application/yaml': { schema: { type: 'string' } },
      'application/json': {
        schema: {
          type: 'object',
          properties: {
            seedFile: { type: 'object', additionalProperties: true, description: 'What the file says' },
            leftOut: {
              type: 'array',
              items: { type: 'string' },
              description: 'What the installation has and a seed file cannot say',
            },
          },
        },
      },
    },
  }
  app.get<{ Querystring: { format: (typeof formats)[number] } }>(
    '/lab/export',
    {
      schema: {
        tags,
        summary: 'A seed file of the installation',
        description:
          'Directory with passwords, clusters with templates, exclusion, access, trust and settings, clock and faults: an installation that is started with it has the same. Keys, addresses, the request log and who was certified are no part of it.',
        querystring: closed({ format: { type: 'string', enum: [...formats], default: 'yaml' } }),
        response: answers({ 200: answered }, 400, 409),
      },
    },
    async ({ query }, reply) => {
      const exported = await exportSeed(office)
      if (query.format === 'json') return reply.type('application/json; charset=utf-8').send(exported)
      return reply.type('application/yaml; charset=utf-8').send(seedFileText(exported))
    },
  )
}
