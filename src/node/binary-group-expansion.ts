/** IsPrincipalMemberOf in the binary form of RMS 1.x: .NET remoting over HTTP ([MS-RMPRS] 2.1.1.2, 3.6). Its refusals are exceptions inside a 200. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { RmsException } from '../exceptions.js'
import type { Account } from '../directory/directory.js'
import type { LabRefusal } from '../lab/exchange.js'
import type { Notes } from '../services/context.js'
import { expand, requireQuestion } from '../services/group-expansion/is-principal-member-of.js'
import { groupExpansionService } from '../services/group-expansion/messages.js'
import { remotingType } from '../services/group-expansion/remoting-call.js'
import { MalformedRemoting, readQuestion } from '../services/group-expansion/remoting-reader.js'
import { writeAnswer, writeException, type KnownPrincipal } from '../services/group-expansion/remoting-response.js'
import type { NodeContext } from './context.js'
import { beginOperation, EndedByLab, tellOutcome } from './lab-hooks.js'
import { record } from './request-record.js'
import { binaryGroupExpansionPath, type Endpoint } from './roles.js'
import { signIn } from './sign-in.js'
import type { TurnHooks } from './take-turn.js'

/** Bytes: a thousand groups with long names. */
const largestQuestion = 512 * 1024
const endpoint: Endpoint = {
  path: binaryGroupExpansionPath,
  aliases: [],
  service: groupExpansionService,
  operations: [],
  anonymous: false,
}

interface Outcome {
  readonly body: Buffer
  readonly notes: Notes
  readonly error?: string
  readonly refusal?: LabRefusal
}

export async function registerBinaryGroupExpansion(
  app: FastifyInstance,
  context: NodeContext,
  turns: TurnHooks,
): Promise<void> {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: FastifyRequest, body: Buffer) => body)
  const url = `/_wmcs${binaryGroupExpansionPath}`
  app.post(
    url,
    { bodyLimit: largestQuestion, onRequest: signIn(endpoint, context), ...turns, schema: { hide: true } },
    async (request, reply) => {
      if (
        request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() !== remotingType ||
        !Buffer.isBuffer(request.body)
      )
        return answerBadRequest(reply)
      const now = context.clock.now()
      const began = context.clock.monotonic()
      const outcome = await answerQuestion(request.body, context, request, began)
      const { notes, error } = outcome
      await record(request, context, {
        path: url,
        operation: 'IsPrincipalMemberOf',
        notes,
        error,
        now,
        milliseconds: context.clock.monotonic() - began,
      })
      tellOutcome(request, () => ({ operation: 'IsPrincipalMemberOf', ...notes, refusal: outcome.refusal }))
      const milliseconds = context.clock.monotonic() - began
      context.metrics.count(
        'IsPrincipalMemberOf',
        milliseconds / 1000,
        outcome.error === undefined ? undefined : 'RemotingException',
      )
      const facts = {
        operation: 'IsPrincipalMemberOf',
        form: 'binary',
        user: request.caller.account?.name,
        ms: Math.round(milliseconds * 10) / 10,
      }
      request.log.info(
        outcome.error === undefined ? facts : { ...facts, why: outcome.error },
        outcome.error === undefined ? 'served' : 'refused',
      )
      return reply.type(remotingType).send(outcome.body)
    },
  )
  app.route({
    method: ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'],
    url,
    schema: { hide: true },
    handler: async (_request, reply) => answerBadRequest(reply),
  })
}

/** As the transport has it for another method or content type: no body. */
function answerBadRequest(reply: FastifyReply): FastifyReply {
  return reply.code(400).send(Buffer.alloc(0))
}

async function answerQuestion(
  bytes: Buffer,
  context: NodeContext,
  request: FastifyRequest,
  began: number,
): Promise<Outcome> {
  const notes: Notes = { metadata: { form: 'binary' }, issued: [], received: [] }
  const { log } = request
  try {
    const { lab } = request
    const state =
      lab === undefined ? context.state() : await beginOperation(lab, 'IsPrincipalMemberOf', request, context)
    const asked = readQuestion(bytes)
    const question = requireQuestion(asked, state)
    const { isMember } = await expand({ ...question, context, state, notes, began })
    const account = await context.directory.accountByMail(question.principal)
    return { body: writeAnswer(isMember, knownPrincipal(account, question.principal), asked.version), notes }
  } catch (error) {
    if (error instanceof EndedByLab) throw error
    const isForeseen = error instanceof RmsException || error instanceof MalformedRemoting
    if (!isForeseen) log.error({ err: error, operation: 'IsPrincipalMemberOf' }, 'unexpected error')
    const why = error instanceof RmsException ? `${error.fullName}: ${error.why}` : (error as Error).message
    // Nothing from the inside: what was wrong with the question, or that it could not be answered.
    const told = isForeseen
      ? error instanceof RmsException
        ? error.message
        : `The message cannot be read: ${error.message}.`
      : 'The request could not be processed.'
    return { body: writeException(told), notes, error: why, refusal: { error, why } }
  }
}

/** The directory here has no containers, and an account no GUID: they are left out, nobody reads them. */
function knownPrincipal(account: Account | undefined, asked: string): KnownPrincipal {
  const identifiers =
    account === undefined ? [`mail=${asked}`] : [`id=${account.sid.toLowerCase()}`, `mail=${account.mail ?? asked}`]
  return { identifiers, containers: [], objectGuid: null, exists: account !== undefined }
}
