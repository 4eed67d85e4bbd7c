/** Sign-in before SOAP: who calls, and whether the endpoint admits them. Everybody else gets 401 ([MS-RMPR] 3.1.4.3). */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Directory } from '../directory/directory.js'
import { admitsAnonymous, isAdmitted } from '../identity/access.js'
import { authenticateBasic } from '../identity/basic.js'
import { anonymousCaller, type Caller } from '../identity/caller.js'
import type { Outcome, Speaker } from '../identity/connections.js'
import { challengesOf, readCredentials, whyUnusable } from '../identity/schemes.js'
import { showsProxy } from '../proxy-headers.js'
import type { NodeContext } from './context.js'
import { tellOutcome } from './lab-hooks.js'
import { connectionOf } from './listener-mark.js'
import { nothingDone, recordRefusedSignIn } from './request-record.js'
import type { Endpoint } from './roles.js'

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller
    /** As it is when the request comes. */
    directory: Directory
  }
}

/** A hook for the POST route of an endpoint: sets `request.caller`, or answers 401, with what is offered or with the next message of a dialogue. */
export function signIn(endpoint: Endpoint, context: NodeContext) {
  const path = endpoint.path.toLowerCase()
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const lists = context.state().configuration.admittedGroups
    const outcome = await outcomeOf(request, context)
    if (outcome === undefined) {
      if (admitsAnonymous(lists, path) || (endpoint.anonymous && lists[path] === undefined))
        request.caller = anonymousCaller
      else await refuse(request, reply, context, endpoint, undefined)
      return
    }
    if (outcome.kind === 'refused') return refuse(request, reply, context, endpoint, outcome.why)
    if (outcome.challenge !== undefined) reply.header('www-authenticate', outcome.challenge)
    if (outcome.kind === 'goes on') return void (await reply.code(401).send(''))
    const { caller } = outcome
    if (caller.account === undefined || !(await isAdmitted(lists, path, caller.account, request.directory))) {
      return refuse(
        request,
        reply,
        context,
        endpoint,
        `${caller.account?.name} is not on the access list of this endpoint`,
      )
    }
    request.caller = caller
  }
}

/** What the credentials of the request come to, or who is signed in on its connection; undefined for nobody. */
async function outcomeOf(request: FastifyRequest, context: NodeContext): Promise<Outcome | undefined> {
  const { schemes, connections } = context
  const { directory } = request
  const { socket } = request.raw
  const header = request.headers.authorization
  if (header === undefined) {
    const caller = connections.callerOf(socket, speakerOf(request, context))
    return caller && { kind: 'signed in', caller }
  }
  const credentials = readCredentials(header)
  if (credentials !== undefined && schemes.includes(credentials.scheme))
    return connections.receive(socket, speakerOf(request, context), credentials, directory)
  const caller = schemes.includes('basic') ? await authenticateBasic(header, directory) : undefined
  return caller === undefined ? { kind: 'refused', why: whyUnusable(header, schemes) } : { kind: 'signed in', caller }
}

/** A balancer of ours says which of its clients speaks; of other proxies it is only known that they are there. */
function speakerOf({ headers }: FastifyRequest, { listenerKey }: NodeContext): Speaker {
  const connection = connectionOf(headers, listenerKey)
  if (connection !== undefined) return { kind: 'behind balancer', connection }
  return { kind: Object.keys(headers).some(showsProxy) ? 'behind proxy' : 'client' }
}

/** @param why undefined: there were no credentials, and this is the challenge that clients wait for */
async function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  context: NodeContext,
  endpoint: Endpoint,
  why: string | undefined,
): Promise<void> {
  const told = why ?? 'no credentials'
  request.log.info({ path: endpoint.path, status: 401, why: told, from: request.ip }, 'sign-in refused')
  context.metrics.count(endpoint.service.name, 0, '401')
  const path = `/_wmcs${endpoint.path}`
  tellOutcome(request, () => ({ ...nothingDone, operation: endpoint.service.name, refusal: { why: `401: ${told}` } }))
  if (why !== undefined) recordRefusedSignIn(request, context, { path, operation: endpoint.service.name, why })
  await reply
    .code(401)
    .header('www-authenticate', challengesOf(context.schemes))
    .type('text/plain; charset=utf-8')
    .send('Sign in with the user name and password of an account that this service admits.\n')
}
