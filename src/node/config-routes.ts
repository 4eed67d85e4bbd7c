/** What this server was started with, as management asks for it: behind the proof of the lab's other routes. */
import type { FastifyInstance } from 'fastify'
import type { NodeContext } from './context.js'

export function registerConfig(app: FastifyInstance, { config }: NodeContext): void {
  app.get('/lab/config', { schema: { hide: true } }, async () => ({ config }))
}
