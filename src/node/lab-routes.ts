/** What management tells and asks a node of its lab: nobody else is answered. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { proofCheck, proofHeader } from '../cluster/proven-call.js'
import { LabInputError } from '../lab/input-error.js'
import { readObject } from '../lab/json-object.js'
import { parseJson, parseLabState, type LabState } from '../lab/state.js'
import type { NodeContext } from './context.js'
import { beginAnew, refreshConfiguration } from './keep-fresh.js'

/** Bytes: a state of the largest size, in characters of the largest size. */
const bodyLimit = 1024 * 1024

/**
 * Every route of this scope asks for a proof first. Bodies are JSON, and come to their route as text.
 * @param more adds the routes of other controls
 */
export async function registerLab(
  app: FastifyInstance,
  context: NodeContext,
  more: (scope: FastifyInstance) => void = () => undefined,
): Promise<void> {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit },
    async (_request: FastifyRequest, body: string) => body,
  )
  const whyUnproven = proofCheck(context.machineClock)
  app.addHook('preHandler', async (request, reply) => {
    const { method, url: target, body, headers } = request
    const call = { method, target, nodeId: context.nodeId, body: typeof body === 'string' ? body : '' }
    const why = whyUnproven(context.state().clusterKey, call, headers[proofHeader]?.toString())
    return why === undefined ? undefined : refuse(request, reply, 403, why)
  })
  const takeState = (path: string, then: (request: FastifyRequest) => Promise<void>): void => {
    app.post(path, { bodyLimit, schema: { hide: true } }, async (request, reply) => {
      try {
        const version = context.lab.set(readTold(request.body))
        await then(request)
        return reply.send({ node: context.nodeId, version })
      } catch (error) {
        if (error instanceof LabInputError) return refuse(request, reply, 400, error.message)
        throw error
      }
    })
  }
  // One that was stale is so no longer when the call returns that ended it.
  takeState('/lab/state', (request) => catchUp(request, context))
  takeState('/lab/begin-anew', () => beginAnew(context))
  more(app)
}

async function catchUp(request: FastifyRequest, context: NodeContext): Promise<void> {
  if (!context.hasState()) return
  await refreshConfiguration(context).catch((error: unknown) =>
    request.log.warn({ err: error }, 'the configuration could not be refreshed'),
  )
}

/** `{"version":3,"state":{…}}`; the state may be of another version of this program. */
function readTold(body: unknown): LabState {
  const { version, state } = readObject(parseJson(String(body)), 'The message', ['version', 'state'])
  if (!Number.isSafeInteger(version)) throw new LabInputError('The version of the state must be a whole number')
  return parseLabState(JSON.stringify(state ?? {}), Number(version))
}

function refuse(request: FastifyRequest, reply: FastifyReply, status: number, why: string): FastifyReply {
  request.log.info({ path: request.url.slice(0, 200), status, why, from: request.ip }, 'refused')
  return reply.code(status).send({ why })
}
