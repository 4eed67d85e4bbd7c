/** The documents that a node has, as management asks for them: behind the proof of the lab's other routes. */
import type { FastifyInstance } from 'fastify'
import type { DocumentQuestion, DocumentsHere, TextHere } from '../lab/journal/asking.js'
import { parseJson } from '../lab/state.js'
import type { NodeContext } from './context.js'

export function registerDocuments(app: FastifyInstance, { journal, documents, log }: NodeContext): void {
  const schema = { hide: true }
  if (journal === undefined && documents === undefined) return
  /** What was answered before somebody asks is in the database when he is answered, unless it takes nothing. */
  const write = async (): Promise<void> =>
    documents?.flush().catch((err: unknown) => log.warn({ err }, 'documents cannot be kept in the database'))
  app.post('/lab/documents/list', { schema }, async (): Promise<DocumentsHere> => {
    await write()
    return { documents: (await journal?.documents()) ?? [], ...documents?.backlog() }
  })
  app.post('/lab/documents/find', { schema }, async ({ body }): Promise<TextHere> => {
    await write()
    const { hash } = parseJson(String(body)) as DocumentQuestion
    return { found: await journal?.documentText(hash), secrets: journal?.showsSecrets ?? false }
  })
  app.delete('/lab/documents', { schema }, async (_request, reply) => {
    await documents?.forget()
    return reply.code(204).send()
  })
}
