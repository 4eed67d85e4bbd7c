/** What the installation was started with. */
import type { FastifyInstance } from 'fastify'
import type { LabOffice } from '../../../administration/lab/ask-server.js'
import { readConfig } from '../../../administration/lab/config.js'
import type { StartedWith } from '../../../config/started-with.js'
import { answers } from '../schemas.js'
import { tags } from './schemas.js'

const text = { type: 'string' } as const
const settings = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      name: { ...text, examples: ['port'] },
      value: { ...text, description: 'As text; secrets are hidden', examples: ['7000'] },
      from: {
        ...text,
        description: 'A flag, a variable of the environment, a file, an option of startInstallation; or default',
        examples: ['--port'],
      },
    },
  },
} as const
const reading = {
  description: 'Each setting, and what servers have otherwise that were started by hand',
  type: 'object',
  properties: {
    by: { ...text, description: 'The command, or the function', examples: ['up'] },
    settings,
    servers: { type: 'array', items: { type: 'object', properties: { node: text, settings } } },
    gaps: { type: 'array', items: { type: 'object', properties: { node: text, text } } },
  },
} as const

/** @param config undefined: whoever started this did not tell */
export function registerConfig(app: FastifyInstance, office: LabOffice, config: StartedWith | undefined): void {
  if (config === undefined) return
  app.get(
    '/lab/config',
    {
      schema: {
        tags,
        summary: 'What the installation was started with, and where each setting is from',
        description:
          'As --print-config shows it, of what runs. What was changed since is in the configuration of each cluster; addresses are in /status.',
        response: answers({ 200: reading }),
      },
    },
    async () => readConfig(office, config),
  )
}
