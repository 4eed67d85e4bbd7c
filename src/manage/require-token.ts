/** The management token: what whoever manages an installation, or a scope of it, has to show. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isSameSecret } from '../same-secret.js'
import { commandLine } from '../command-line.js'

/** @param token undefined: none is asked for */
export async function requireToken(
  token: string | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  if (
    token === undefined ||
    isSameSecret(/^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '', token)
  )
    return
  const message = `This needs the management token of the installation, as Authorization: Bearer. It is printed by ${commandLine('up')}, and later by ${commandLine('management-token')}`
  await reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'Unauthorized', message })
}
