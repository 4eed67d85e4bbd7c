/** How the management API says what it refuses: `{ error, message }`, the message for people. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { NotEverywhere } from '../../administration/lab/change-lab.js'
import { Problem, problemNames, type ProblemStatus } from '../../administration/problem.js'
import { InvalidConfiguration } from '../../cluster/configuration-checks.js'
import { UnknownCluster } from '../../cluster/server-state.js'
import { DatabaseAway } from '../../cluster/store/database-away.js'
import { LabInputError } from '../../lab/input-error.js'

/** Error handler of the API's routes. What was not foreseen is logged whole and told as nothing but that. */
export function answerProblem(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof DatabaseAway) {
    // Its own message names the place of the database.
    request.log.warn(
      { why: error.message, url: request.url.slice(0, 200) },
      'a request of the management API found the database away',
    )
    return reply.code(503).send({ error: problemNames[503], message: databaseIsAway })
  }
  const [status, name] = statusOf(error)
  if (error instanceof NotEverywhere)
    return reply.code(status).send({ error: name, message: error.message, nodes: error.nodes })
  if (error instanceof Problem || status < 500)
    return reply.code(status).send({ error: name, message: messageOf(error, request) })
  request.log.error({ err: error, url: request.url.slice(0, 200) }, 'unexpected error of the management API')
  return reply
    .code(status)
    .send({ error: name, message: 'The request could not be processed: the log of the management process says why' })
}

/** What a pattern asks for, in words; the rest the validator says well enough. */
function messageOf(error: FastifyError, request: FastifyRequest): string {
  const [first] = error.validation ?? []
  const field = first?.instancePath.split('/').at(-1) ?? ''
  const type = request.headers['content-type']?.slice(0, 100) ?? ''
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return `The content type ${JSON.stringify(type)} is not taken here: /docs says which is, mostly application/json`
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return `The body is larger than the ${request.routeOptions.bodyLimit} octets that are taken here`
  return first?.keyword === 'pattern' && first.params['pattern'] === namePattern
    ? `The ${field} may have letters, digits, dots, hyphens and underscores, and begins with a letter or digit`
    : error.message
}

/** Of names that stand in addresses and files. */
export const namePattern = '^[A-Za-z0-9][A-Za-z0-9._-]*$'

const databaseIsAway =
  'The database is away, and may have taken the change or not: look again when it is back. The log of the management process says more'

function statusOf(error: FastifyError): readonly [number, string] {
  if (error instanceof Problem) return [error.status, problemNames[error.status]]
  if (error instanceof InvalidConfiguration || error instanceof LabInputError) return [400, problemNames[400]]
  if (error instanceof DatabaseAway) return [503, problemNames[503]]
  if (error instanceof UnknownCluster) return [404, problemNames[404]]
  const { statusCode = 500 } = error
  if (statusCode >= 500) return [500, 'InternalError']
  return [statusCode, problemNames[statusCode as ProblemStatus] ?? httpNames[statusCode] ?? 'BadRequest']
}

/** What HTTP itself refuses, before anybody looks at what was asked for. */
const httpNames: Readonly<Record<number, string>> = {
  405: 'MethodNotAllowed',
  413: 'PayloadTooLarge',
  415: 'UnsupportedMediaType',
}
