/** The stand-in for AD FS on the servers of the root cluster: where REST clients sign in (rest-mde 2). */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { DatabaseAway } from '../cluster/store/database-away.js'
import type { Account } from '../directory/directory.js'
import {
  codeRedirect,
  errorRedirect,
  readAuthorizeRequest,
  readRedirection,
  type AuthorizeRequest,
} from '../services/oauth/authorize.js'
import { discoveryDocument, oauthPaths, userRealm } from '../services/oauth/documents.js'
import { OAuthRefusal, readParameters, type Parameters } from '../services/oauth/parameters.js'
import { writeSignInPage } from '../services/oauth/sign-in-page.js'
import { exchangeToken, type TokenService } from '../services/oauth/token-endpoint.js'
import { NotReady, randomOf, type NodeContext } from './context.js'
import { beginOperation, EndedByLab, endAsTold, tellOutcome } from './lab-hooks.js'
import { oauthSchemas } from './oauth-schemas.js'
import { nothingDone } from './request-record.js'

/** Names, passwords and a redirect address: nobody needs more. */
const bodyLimit = 32 * 1024

export async function registerOAuth(app: FastifyInstance, context: NodeContext): Promise<void> {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_request: FastifyRequest, body: string) => body,
  )
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(context, error, request, reply))
  app.addHook('onRequest', async (_request, reply) => {
    if (context.state().configuration.tokenIssuer === null) return
    await reply.code(404).send({
      error: 'invalid_request',
      error_description: 'Another sign-in service is trusted here: its tokens count, and it issues them',
    })
  })
  app.get(oauthPaths.discovery, { schema: oauthSchemas.discovery }, async (request, reply) =>
    reply.send(discoveryDocument(context.state(), request.asked.host ?? '')),
  )
  app.get(oauthPaths.keys, { schema: oauthSchemas.keys }, async () => {
    await context.tokenKeys.signing(context.state())
    return context.tokenKeys.published()
  })
  app.get<{ Params: { user: string } }>(
    '/common/userrealm/:user',
    { schema: oauthSchemas.userRealm },
    async ({ params }) => userRealm(params.user),
  )
  app.post(oauthPaths.token, { bodyLimit, schema: oauthSchemas.token }, async (request, reply) =>
    answerToken(context, request, reply),
  )
  app.get(oauthPaths.authorize, { schema: oauthSchemas.authorize }, async (request, reply) =>
    startSignIn(context, request, reply),
  )
  app.post(oauthPaths.authorize, { bodyLimit, schema: { hide: true } }, async (request, reply) =>
    finishSignIn(context, request, reply),
  )
}

function serviceOf(
  { state, tokenKeys, store, random, clock }: NodeContext,
  { directory }: FastifyRequest,
): TokenService {
  return { state: state(), tokenKeys, directory, codes: store.authorizationCodes, random, now: clock.now() }
}

async function answerToken(context: NodeContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const began = context.clock.monotonic()
  if (request.lab !== undefined) await beginOperation(request.lab, 'OAuthToken', request, context)
  const { answer, account } = await exchangeToken(formOf(request), serviceOf(context, request))
  context.metrics.count('OAuthToken', (context.clock.monotonic() - began) / 1000, undefined)
  tellOutcome(request, () => ({ ...nothingDone, operation: 'OAuthToken' }))
  request.log.info({ operation: 'OAuthToken', user: account.name }, 'served')
  return reply.header('cache-control', 'no-store').header('pragma', 'no-cache').send(answer)
}

async function startSignIn(context: NodeContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  return redirecting(context, request, reply, async (wanted, query) => {
    const hinted = await hintedAccount(context, request, wanted)
    return hinted === undefined
      ? showPage(reply, wanted, query, wanted.loginHint ?? '')
      : sendCode(context, request, reply, wanted, hinted)
  })
}

async function finishSignIn(context: NodeContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  return redirecting(context, request, reply, async (wanted, query) => {
    const form = formOf(request)
    const [name, password] = [form.get('UserName') ?? '', form.get('Password') ?? '']
    const account = await request.directory.authenticate(name, password)
    if (account !== undefined) return sendCode(context, request, reply, wanted, account)
    request.log.info(
      { path: oauthPaths.authorize, why: 'wrong user name or password', from: request.ip },
      'sign-in refused',
    )
    context.metrics.count('OAuthAuthorize', 0, 'access_denied')
    return showPage(reply, wanted, query, name, 'The user name or password is wrong.')
  })
}

/** What is wrong with the client or its address is shown; what is wrong otherwise is told to the client, at its address. */
async function redirecting(
  context: NodeContext,
  request: FastifyRequest,
  reply: FastifyReply,
  run: (wanted: AuthorizeRequest, query: string) => Promise<FastifyReply>,
): Promise<FastifyReply> {
  const query = request.url.includes('?') ? request.url.slice(request.url.indexOf('?') + 1) : ''
  const parameters = readParameters(query)
  const redirection = readRedirection(parameters, context.state().configuration.oauthClients)
  try {
    if (request.lab !== undefined) await beginOperation(request.lab, 'OAuthAuthorize', request, context)
    return await run(readAuthorizeRequest(parameters, redirection), query)
  } catch (error) {
    if (!(error instanceof OAuthRefusal)) throw error
    request.log.info({ path: oauthPaths.authorize, why: `${error.code}: ${error.message}` }, 'refused')
    context.metrics.count('OAuthAuthorize', 0, error.code)
    tellRefusal(request, 'OAuthAuthorize', error)
    return reply.redirect(errorRedirect(redirection, error), 302)
  }
}

async function hintedAccount(
  { state }: NodeContext,
  { directory }: FastifyRequest,
  { loginHint }: AuthorizeRequest,
): Promise<Account | undefined> {
  if (!state().configuration.automaticSignIn || loginHint === undefined) return undefined
  const account = await directory.accountByName(loginHint)
  return account?.enabled === true ? account : undefined
}

async function sendCode(
  context: NodeContext,
  request: FastifyRequest,
  reply: FastifyReply,
  wanted: AuthorizeRequest,
  account: Account,
): Promise<FastifyReply> {
  const random = await randomOf(context, 'OAuthAuthorize', account.sid)
  const address = await codeRedirect({ ...serviceOf(context, request), random }, wanted, account)
  tellOutcome(request, () => ({ ...nothingDone, operation: 'OAuthAuthorize' }))
  request.log.info({ operation: 'OAuthAuthorize', user: account.name, client: wanted.clientId }, 'served')
  context.metrics.count('OAuthAuthorize', 0, undefined)
  return reply.header('cache-control', 'no-store').redirect(address, 302)
}

function showPage(
  reply: FastifyReply,
  { clientId }: AuthorizeRequest,
  query: string,
  userName: string,
  message?: string,
): FastifyReply {
  return reply
    .headers({
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    .type('text/html; charset=utf-8')
    .send(writeSignInPage({ query, clientId, userName, message }))
}

function formOf({ body }: FastifyRequest): Parameters {
  return readParameters(typeof body === 'string' ? body : '')
}

/** RFC 6749, 5.2; nothing from the inside. */
function answerError(
  context: NodeContext,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (error instanceof EndedByLab) return endAsTold(error.effect, request, reply)
  const [status, code, text] = errorOf(error)
  const path = request.url.split('?')[0]
  const operation = path === oauthPaths.token ? 'OAuthToken' : 'OAuthAuthorize'
  context.metrics.count(operation, 0, code)
  tellRefusal(request, operation, error)
  if (status === 500) request.log.error({ err: error, path }, 'unexpected error')
  else request.log.info({ path, status, why: `${code}: ${error.message}` }, 'refused')
  return reply.code(status).header('cache-control', 'no-store').send({ error: code, error_description: text })
}

function tellRefusal(request: FastifyRequest, operation: string, error: Error): void {
  const why = error instanceof OAuthRefusal ? `${error.code}: ${error.message}` : error.message
  tellOutcome(request, () => ({ ...nothingDone, operation, refusal: { error, why } }))
}

function errorOf(error: FastifyError): readonly [number, string, string] {
  if (error instanceof OAuthRefusal) return [400, error.code, error.message]
  if (error instanceof NotReady || error instanceof DatabaseAway)
    return [503, 'temporarily_unavailable', 'The server cannot sign anybody in now: try again in a moment']
  const status = error.statusCode ?? 500
  if (status >= 500) return [500, 'server_error', 'The request could not be processed']
  return [
    status,
    'invalid_request',
    status === 415 ? 'Send application/x-www-form-urlencoded' : 'The request cannot be taken',
  ]
}
