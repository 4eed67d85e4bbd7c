/** Sign-in before REST: a token or the challenge, and nothing else (rest-mde 2). */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isAdmitted } from '../identity/access.js'
import { authenticateBearer, restResource } from '../identity/bearer.js'
import { restExceptions } from '../rest-exceptions.js'
import type { RestOperation } from '../services/rest/operation.js'
import type { NodeContext } from './context.js'
import { tellOutcome } from './lab-hooks.js'
import { nothingDone, recordRefusedSignIn } from './request-record.js'
import { authorizationUrl, tokenTrust } from './token-trust.js'

/**
 * A hook for the route of an operation: sets `request.caller`, or answers 401 with Bearer alone: open clients answer NTLM or Negotiate by
 * themselves where they stand beside it. Nobody is anonymous: the challenge is how a client finds the sign-in service.
 */
export function bearerSignIn(operation: RestOperation, context: NodeContext) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const state = context.state()
    const { authorization } = request.headers
    const verdict = await authenticateBearer(
      authorization,
      tokenTrust(context, state),
      request.directory,
      context.clock.now(),
    )
    const why = 'why' in verdict ? verdict.why : await whyNotAdmitted(verdict.caller)
    if (!('why' in verdict) && why === undefined) {
      request.caller = verdict.caller
      return
    }
    request.log.info({ path: request.url.slice(0, 200), status: 401, why, from: request.ip }, 'sign-in refused')
    context.metrics.count(operation.name, 0, '401')
    tellOutcome(request, () => ({ ...nothingDone, operation: operation.name, refusal: { why: `401: ${why ?? ''}` } }))
    const path = request.url.split('?')[0] ?? ''
    if (authorization !== undefined)
      recordRefusedSignIn(request, context, { path, operation: operation.name, why: why ?? '' })
    const { code, message } = restExceptions.Unauthorized
    const challenge = `Bearer realm="${restResource}", authorization="${authorizationUrl(state, request.asked.host ?? '')}"`
    await reply
      .code(401)
      .header('www-authenticate', authorization === undefined ? challenge : `${challenge}, error="invalid_token"`)
      .send({ Code: code, Message: message })

    async function whyNotAdmitted({
      account,
    }: {
      readonly account: Parameters<typeof isAdmitted>[2]
    }): Promise<string | undefined> {
      const admitted = await isAdmitted(
        state.configuration.admittedGroups,
        operation.guardedAs,
        account,
        request.directory,
      )
      return admitted ? undefined : `${account.name} is not on the access list of ${operation.guardedAs}`
    }
  }
}
