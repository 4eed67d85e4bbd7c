/** What browsers ask for by themselves beside every page: there is none of it, and nobody is refused anything by that. */
import type { FastifyInstance } from 'fastify'

/** At the top of the site only, as browsers ask. */
export const browserPaths: readonly string[] = [
  '/favicon.ico',
  '/apple-touch-icon.png',
  '/apple-touch-icon-precomposed.png',
  '/robots.txt',
  '/.well-known/appspecific/com.chrome.devtools.json',
]

/** Answers 204, without a line in a log or an entry in the journal. */
export function registerBrowserPaths(app: FastifyInstance): void {
  for (const path of browserPaths)
    app.get(path, { schema: { hide: true } }, async (_request, reply) =>
      reply.code(204).header('cache-control', 'max-age=86400').send(),
    )
}
