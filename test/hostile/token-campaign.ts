/** Sign-in tokens that were changed on their way, by the thousand: nobody may be let in by one, and the node must serve on. */
import { seedPassword } from '../../src/directory/seed.js'
import { authenticate, negotiate, ntlmAccount } from '../../src/ntlm/client.js'
import { buildInitial, buildResponse, isSpnego, mechanisms, parseSpnego } from '../../src/ntlm/spnego.js'
import { openConnection, rawRequest, type Connection, type RawAnswer } from '../conformance/raw-http.js'
import { createPrng, type Prng } from './prng.js'

export interface TokenCampaign {
  /** Of an endpoint that asks for sign-in. */
  readonly url: string
  readonly tokens: number
  readonly seed: number
  readonly connections: number
}

export interface TokenResult {
  /** Answers to changed tokens by status; `closed` when there was none. */
  readonly outcomes: Readonly<Record<string, number>>
  /** Tokens that let somebody in, in base64. */
  readonly violations: readonly string[]
}

type Scheme = 'NTLM' | 'Negotiate'
type Change = (token: Buffer, prng: Prng) => Buffer

const changes: Readonly<Record<string, Change>> = {
  'flip bits': (token, prng) => {
    const copy = Buffer.from(token)
    for (let count = 1 + prng.below(6); count > 0; count--) {
      const at = prng.below(copy.length)
      copy[at] = (copy[at] ?? 0) ^ (1 << prng.below(8))
    }
    return copy
  },
  'cut off': (token, prng) => token.subarray(0, prng.below(token.length)),
  'cut out': (token, prng) => {
    const at = prng.below(token.length)
    return Buffer.concat([token.subarray(0, at), token.subarray(at + 1 + prng.below(40))])
  },
  'put in': (token, prng) => {
    const at = prng.below(token.length)
    return Buffer.concat([token.subarray(0, at), prng.bytes(1 + prng.below(60)), token.subarray(at)])
  },
  overlong: (token, prng) =>
    Buffer.concat([token.subarray(0, -1), prng.bytes(1), Buffer.alloc(prng.below(8000), prng.below(256))]),
  'a field beyond the end': (token, prng) => {
    const copy = Buffer.from(token)
    const head = Math.max(0, copy.indexOf('NTLMSSP'))
    const at = head + 12 + 4 * prng.below(13)
    if (at + 4 > copy.length) return copy.subarray(1)
    copy.writeUInt32LE(prng.pick([0xffff_ffff, 0x7fff_ffff, 0x1_0000, copy.length, copy.length - 1, 0xffff]), at)
    return copy
  },
  'another length in DER': (token, prng) => {
    const copy = Buffer.from(token)
    copy[prng.below(Math.min(60, copy.length))] = prng.pick([0x80, 0x81, 0x82, 0x84, 0xff, 0x7f, 0, 0xa1, 0x60, 0x30])
    return copy
  },
  'another type': (token, prng) => {
    const copy = Buffer.from(token)
    const at = copy.indexOf('NTLMSSP') + 8
    if (at < copy.length) copy[at] = prng.pick([0, 2, 4, 255])
    return copy
  },
  'nothing but noise': (_token, prng) => prng.bytes(prng.below(500)),
}

/** @throws when the node does not answer, or a right token is not let in at the end */
export async function runTokenCampaign({ url, tokens, seed, connections }: TokenCampaign): Promise<TokenResult> {
  const outcomes: Record<string, number> = {}
  const violations: string[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    let connection = await openConnection(url)
    while (next < tokens) {
      const index = next++
      const { answer, token } = await attack(connection, url, createPrng(seed, index))
      const outcome = answer === undefined ? 'closed' : String(answer.status)
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      if (outcome !== 'closed' && outcome !== '401' && outcome !== '431') violations.push(token.toString('base64'))
      if (connection.isClosed() || outcome === 'closed' || outcome === '431') connection = await openConnection(url)
    }
    await requireGood(connection, url)
    connection.close()
  }
  await Promise.all(Array.from({ length: connections }, worker))
  return { outcomes, violations }
}

interface Attacked {
  readonly token: Buffer
  readonly answer: RawAnswer | undefined
}

/** One changed token: a first message, or, in a dialogue that has begun well, the last one. */
async function attack(connection: Connection, url: string, prng: Prng): Promise<Attacked> {
  const scheme: Scheme = prng.pick(['NTLM', 'Negotiate'])
  const isWrapped = scheme === 'Negotiate' && prng.below(4) > 0
  const first = negotiate()
  const begin = isWrapped ? buildInitial([mechanisms.ntlm], first) : first
  let token = begin
  let genuine = first
  if (prng.below(3) > 0) {
    const challenge = await send(connection, url, scheme, begin)
    if (challenge === undefined) return { token, answer: undefined }
    genuine = thirdFor(first, challenge)
    token = isWrapped ? buildResponse({ token: genuine }) : genuine
  }
  let changed = token
  // A change that leaves the whole message in its wrapping is none.
  while (changed.includes(genuine)) changed = prng.pick(Object.values(changes))(token, prng)
  return { token: changed, answer: await send(connection, url, scheme, changed) }
}

function thirdFor(first: Buffer, challenge: RawAnswer): Buffer {
  const token = Buffer.from(challenge.headers['www-authenticate']?.split(' ')[1] ?? '', 'base64')
  const second = isSpnego(token) ? parseSpnego(token).token : token
  const inputs = { now: new Date(), random: (length: number) => Buffer.alloc(length, 7) }
  return authenticate(first, second ?? Buffer.alloc(0), ntlmAccount('CONTOSO\\alice', seedPassword), inputs)
}

async function send(
  connection: Connection,
  url: string,
  scheme: Scheme,
  token: Buffer,
): Promise<RawAnswer | undefined> {
  connection.send(rawRequest(url, '', { Authorization: `${scheme} ${token.toString('base64')}` }))
  return connection.answer().catch((error: unknown) => {
    if (connection.isClosed()) return undefined
    throw error
  })
}

/** The connection that all this came by is as good as any other. */
async function requireGood(connection: Connection, url: string): Promise<void> {
  const first = negotiate()
  const challenge = await send(connection, url, 'NTLM', first)
  const answer = challenge && (await send(connection, url, 'NTLM', thirdFor(first, challenge)))
  if (answer === undefined || answer.status === 401) throw new Error('A right token is refused after the wrong ones')
}
