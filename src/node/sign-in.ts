/** Sign-in before SOAP: who calls, and whether the endpoint admits them. Everybody else gets 401 ([MS-RMPR] 3.1.4.3). */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Directory } from '../directory/directory.js'
import { admitsAnonymous, isAdmitted } from '../identity/access.js'
import { authenticateBasic, basicChallenge } from '../identity/basic.js'
import { anonymousCaller, type Caller } from '../identity/caller.js'
import type { NodeContext } from './context.js'
import type { Endpoint } from './roles.js'

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller
    /** As it is when the request comes. */
    directory: Directory
  }
}

/** A hook for the POST route of an endpoint: sets `request.caller`, or answers 401. */
export function signIn(endpoint: Endpoint, context: NodeContext) {
  const path = endpoint.path.toLowerCase()
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const lists = context.state().configuration.admittedGroups
    const header = request.headers.authorization
    if (header === undefined) {
      if (admitsAnonymous(lists, path) || (endpoint.anonymous && lists[path] === undefined)) request.caller = anonymousCaller
      else await refuse(request, reply, context, endpoint, 'no credentials')
      return
    }
    const caller = await authenticateBasic(header, request.directory)
    if (caller?.account === undefined) return refuse(request, reply, context, endpoint, 'wrong user name or password, or a scheme other than Basic')
    if (!(await isAdmitted(lists, path, caller.account, request.directory))) {
      return refuse(request, reply, context, endpoint, `${caller.account.name} is not on the access list of this endpoint`)
    }
    request.caller = caller
  }
}

async function refuse(request: FastifyRequest, reply: FastifyReply, context: NodeContext, endpoint: Endpoint, why: string): Promise<void> {
  context.log.info({ path: endpoint.path, status: 401, why, from: request.ip }, 'sign-in refused')
  context.metrics.count(endpoint.service.name, 0, '401')
  await reply
    .code(401)
    .header('www-authenticate', basicChallenge)
    .type('text/plain; charset=utf-8')
    .send('Sign in with the user name and password of an account that this service admits.\n')
}
