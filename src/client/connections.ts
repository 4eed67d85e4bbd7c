/** The HTTP connections of a client: one request and its whole answer, signed in by Basic, NTLM or Negotiate. */
import type * as Undici from 'undici'
import type { Agent, Client, Dispatcher } from 'undici'
import { systemClock, systemRandom, type Clock, type Random } from '../effects.js'
import { authenticate, negotiate, ntlmAccount } from '../ntlm/client.js'
import { MalformedMessage } from '../ntlm/malformed-message.js'
import { buildInitial, buildResponse, isSpnego, mechanisms, parseSpnego } from '../ntlm/spnego.js'

/** The account that calls. */
export interface Credentials {
  readonly user: string
  readonly password: string
}

export const signIns = ['basic', 'ntlm', 'negotiate'] as const
/** How a client signs in: with every request, or once on each connection. */
export type SignIn = (typeof signIns)[number]

export interface HttpPost {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal
  /** Of the answer, decompressed. */
  readonly maximumBytes: number
}

export interface HttpAnswer {
  readonly status: number
  readonly type: string
  readonly bytes: Uint8Array
  readonly origin: AnswerOrigin
}

/** What a server of ours says of an answer besides the answer. */
export interface AnswerOrigin {
  /** The server's name; undefined where none is given. */
  readonly server: string | undefined
  /** By which the request is found in the request log; undefined where none is given. */
  readonly requestId: string | undefined
}

/** From the headers of an answer. */
export function originOf(headers: { get(name: string): string | null }): AnswerOrigin {
  return {
    server: headers.get('x-served-by') ?? undefined,
    requestId: headers.get('x-request-id') ?? undefined,
  }
}

export interface Connections {
  /** @throws TooManyBytes, and what fetch throws */
  post(request: HttpPost): Promise<HttpAnswer>
  /** Ends connections that are kept for later; those of Basic are shared with others and stay. */
  close(): Promise<void>
}

export interface ConnectionsOptions {
  /** Calls are anonymous without. */
  readonly credentials?: Credentials | undefined
  /** Basic unless told otherwise, and NTLM where a server does not offer Basic. */
  readonly signIn?: SignIn | undefined
  /** Certificates in PEM that servers' certificates may lead to, in place of those that Node.js trusts. */
  readonly ca?: string | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

/** An answer over the limit. */
export class TooManyBytes extends Error {
  override readonly name = 'TooManyBytes'
  readonly status: number
  constructor(status: number) {
    super('The answer is larger than the limit')
    this.status = status
  }
}

export function openConnections(options: ConnectionsOptions): Connections {
  const { credentials, signIn } = options
  if (credentials === undefined || signIn === 'basic') return sharedConnections(options)
  const own = signedInConnections(credentials, signIn ?? 'ntlm', options)
  return signIn === undefined ? sharedConnections(options, own) : own
}

/**
 * Every request carries the credentials, so it does not matter which connection it takes.
 * @param others for servers that do not offer Basic
 */
function sharedConnections({ credentials, ca }: ConnectionsOptions, others?: Connections): Connections {
  let made: Promise<Agent> | undefined
  const agent = async (): Promise<Agent | undefined> =>
    ca === undefined ? undefined : (made ??= undici().then(({ Agent }) => new Agent({ connect: { ca } })))
  const authorization = credentials && basicAuthorization(credentials)
  return {
    post: async (request) => {
      const response = await send(request, { dispatcher: await agent(), authorization })
      const answer = await readAnswer(response, request.maximumBytes)
      const offered = response.headers.get('www-authenticate') ?? ''
      return others !== undefined && answer.status === 401 && /\bNTLM\b/i.test(offered) && !/\bBasic\b/i.test(offered)
        ? others.post(request)
        : answer
    },
    close: async () => void (await Promise.all([made?.then((agent) => agent.close()), others?.close()])),
  }
}

/**
 * As clients of Windows ask: with the credentials only where the server does not answer without.
 * @param signedIn is not closed with it
 */
export function anonymousFirst(anonymous: Connections, signedIn: Connections): Connections {
  return {
    post: async (request) => {
      const answer = await anonymous.post(request)
      return answer.status === 401 ? signedIn.post(request) : answer
    },
    close: () => anonymous.close(),
  }
}

/** Value of Authorization (RFC 7617). */
export function basicAuthorization({ user, password }: Credentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`
}

/** A connection with one request at a time. */
interface OwnConnection {
  readonly client: Client
  isSignedIn: boolean
}

/** Idle connections that are kept for each server. */
const mostKept = 32

/** A request that finds no idle connection opens and signs in one of its own. */
function signedInConnections(
  credentials: Credentials,
  signIn: Exclude<SignIn, 'basic'>,
  options: ConnectionsOptions,
): Connections {
  const idle = new Map<string, OwnConnection[]>()
  const begin = (): Dialogue => dialogueOf(credentials, signIn, options)

  const open = async (origin: string): Promise<OwnConnection> => {
    const { Client } = await undici()
    const client = new Client(origin, {
      pipelining: 1,
      ...(options.ca === undefined ? {} : { connect: { ca: options.ca } }),
    })
    const connection: OwnConnection = { client, isSignedIn: false }
    client.on('disconnect', () => void (connection.isSignedIn = false))
    return connection
  }

  return {
    post: async (request) => {
      const { origin } = new URL(request.url)
      const kept = idle.get(origin) ?? []
      idle.set(origin, kept)
      const connection = kept.pop() ?? (await open(origin))
      try {
        const answer = await exchange(connection, request, begin)
        if (kept.length < mostKept) kept.push(connection)
        else await connection.client.close()
        return answer
      } catch (error) {
        void connection.client.destroy()
        throw error
      }
    },
    close: async () => {
      const all = [...idle.values()].flat()
      idle.clear()
      await Promise.all(all.map(({ client }) => client.close()))
    },
  }
}

/** Signed in already, the request goes out as it is; otherwise, and when the server has forgotten, the dialogue comes first, without the body. */
async function exchange(connection: OwnConnection, request: HttpPost, begin: () => Dialogue): Promise<HttpAnswer> {
  const { client: dispatcher } = connection
  const { maximumBytes } = request
  if (connection.isSignedIn) {
    const answer = await readAnswer(await send(request, { dispatcher }), maximumBytes)
    if (answer.status !== 401) return answer
  }
  const { first, second } = begin()
  const challenge = await send({ ...request, body: '' }, { dispatcher, authorization: first })
  await readAnswer(challenge, maximumBytes)
  const authorization = challenge.status === 401 ? second(challenge.headers.get('www-authenticate')) : undefined
  const answer = await readAnswer(await send(request, { dispatcher, authorization }), maximumBytes)
  connection.isSignedIn = authorization !== undefined && answer.status !== 401
  return answer
}

interface Dialogue {
  /** Value of Authorization that begins it. */
  readonly first: string
  /** The value that answers the server's challenge; undefined when that is none. */
  readonly second: (challenge: string | null) => string | undefined
}

function dialogueOf(
  { user, password }: Credentials,
  signIn: Exclude<SignIn, 'basic'>,
  { clock = systemClock, random = systemRandom }: ConnectionsOptions,
): Dialogue {
  const name = signIn === 'ntlm' ? 'NTLM' : 'Negotiate'
  const first = negotiate()
  const header = (token: Buffer): string => `${name} ${token.toString('base64')}`
  return {
    first: header(signIn === 'ntlm' ? first : buildInitial([mechanisms.ntlm], first)),
    second: (challenge) => {
      const encoded = new RegExp(`(?:^|,)\\s*${name} +([A-Za-z0-9+/]+=*)`, 'i').exec(challenge ?? '')?.[1]
      if (encoded === undefined) return undefined
      const token = Buffer.from(encoded, 'base64')
      const inputs = { now: clock.now(), random: (length: number) => random.bytes(length) }
      const account = ntlmAccount(user, password)
      try {
        if (!isSpnego(token)) return header(authenticate(first, token, account, inputs))
        const wrapped = parseSpnego(token).token
        return wrapped && header(buildResponse({ token: authenticate(first, wrapped, account, inputs) }))
      } catch (error) {
        if (error instanceof MalformedMessage) return undefined
        throw error
      }
    },
  }
}

interface Sending {
  readonly dispatcher?: Dispatcher | undefined
  readonly authorization?: string | undefined
}

/** As much of a Response as is read here. */
interface Received {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: unknown
}

/** Loaded when it is first needed: that costs a server a tenth of its start, and most servers never call another one with it. */
const undici = (): Promise<typeof Undici> => import('undici')

async function send(
  { url, headers, body, signal }: HttpPost,
  { dispatcher, authorization }: Sending,
): Promise<Received> {
  const settings = {
    method: 'POST',
    headers: { ...headers, ...(authorization === undefined ? {} : { Authorization: authorization }) },
    body,
    // A redirected POST would go to an address that nobody named, with the password
    redirect: 'manual',
    signal,
  } as const
  return dispatcher === undefined ? fetch(url, settings) : (await undici()).fetch(url, { ...settings, dispatcher })
}

async function readAnswer(response: Received, maximumBytes: number): Promise<HttpAnswer> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength
    // Leaving the loop cancels the rest of the answer
    if (length > maximumBytes) throw new TooManyBytes(response.status)
    chunks.push(chunk)
  }
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    bytes: Buffer.concat(chunks),
    origin: originOf(response.headers),
  }
}
