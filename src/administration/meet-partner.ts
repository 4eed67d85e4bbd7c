/** Two installations get to know each other: one asks the management of the other, and tells it. */
import { answerWithin } from '../effects.js'
import { siteOf } from '../http/scoped-path.js'
import { introduce, knowPartner, requirePartner, type Introduction } from './forest-partners.js'
import { problem } from './problem.js'
import { commandLine } from '../command-line.js'

/** The management of the other installation. */
export interface PartnerPlace {
  /** That of a scope is `http://127.0.0.1:7080/f/NAME`. */
  readonly url: string
  /** Its management token, where it asks for one. */
  readonly token?: string | undefined
}

type Office = Parameters<typeof knowPartner>[0]

/** Milliseconds, and bytes of an answer. */
const longestWait = 30_000
const largestAnswer = 1024 * 1024

/**
 * What the other installation says of itself. Changes nothing.
 * @throws Problem 400 for a URL that is none of an installation, or a wrong token; 503 when nothing answers
 */
export async function askPartner(place: PartnerPlace): Promise<Introduction> {
  const answer = await call(place, 'GET', '/forest/introduction')
  const parts = new Map(typeof answer === 'object' && answer !== null ? Object.entries(answer) : [])
  const text = (name: keyof Introduction): string => {
    const value: unknown = parts.get(name)
    return typeof value === 'string' && value !== '' ? value : refusePlace(place, `its answer has no ${name}`)
  }
  return {
    forest: text('forest'),
    certificate: text('certificate'),
    groupExpansion: text('groupExpansion'),
    user: text('user'),
    password: text('password'),
  }
}

/**
 * Both know each other when it resolves.
 * @returns what the other one is
 * @throws Problem 400, 409 as requirePartner, 503; DatabaseAway
 */
export async function meetPartner(office: Office, place: PartnerPlace): Promise<Introduction> {
  const partner = await askPartner(place)
  await requirePartner(office.store, partner)
  const { forest, ...own } = await introduce(office.store)
  await call(place, 'PUT', `/forest/partners/${forest}`, own)
  await knowPartner(office, partner)
  return partner
}

/** @returns the answer, from JSON; undefined where there is none */
async function call(place: PartnerPlace, method: string, path: string, body?: object): Promise<unknown> {
  const { url, token } = place
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    problem(400, `"${url.slice(0, 200)}" is not the http or https address of the management of an installation`)
  const { status, text } = await send(place, method, path, body).catch((error: unknown) => {
    const { message, cause } = error as Error
    const why = cause instanceof Error && cause.message !== '' ? cause.message : message
    return problem(
      503,
      `The other installation does not answer at ${url}: ${why}. Is it running? Nothing was changed here`,
    )
  })
  const answer = parsed(text)
  const isGood = status >= 200 && status < 300 && (answer !== undefined || status === 204)
  if (isGood) return answer
  if (status !== 401 || answer === undefined) return refuseAnswer(place, status, answer)
  const why = token === undefined ? 'asks for its management token' : 'has another management token'
  return problem(400, `The installation at ${url} ${why}: give the one that it printed when it started`)
}

async function send(
  { url, token }: PartnerPlace,
  method: string,
  path: string,
  body: object | undefined,
): Promise<{ readonly status: number; readonly text: string }> {
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  const response = await fetch(`${siteOf(url)}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    // The token is for nobody else.
    redirect: 'manual',
    signal: answerWithin(longestWait),
  })
  return { status: response.status, text: await readBounded(response) }
}

function refuseAnswer(place: PartnerPlace, status: number, answer: object | undefined): never {
  const { message } = (answer ?? {}) as { readonly message?: unknown }
  // Words of fastify for a path that it does not have are those of another server.
  if (typeof message !== 'string' || status === 404) return refusePlace(place, `it answers HTTP ${status}`)
  return problem(status === 409 ? 409 : 400, `The installation at ${place.url} says: ${message.slice(0, 1000)}`)
}

function refusePlace({ url }: PartnerPlace, why: string): never {
  return problem(
    400,
    `What is at ${url} is not the management of an rms-emulator that knows of partners: ${why}. ${commandLine('up')} prints the address, such as http://127.0.0.1:7080`,
  )
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength
    if (length > largestAnswer) throw new Error(`it answers more than ${largestAnswer} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
