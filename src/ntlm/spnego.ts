/** SPNEGO (RFC 4178): the wrapping of NTLM in `Negotiate`, and the choice of the mechanism. */
import { context, der, readDer, readFirst, readOne, tags } from './der.js'
import { MalformedMessage } from './malformed-message.js'

/** DER contents of the object identifiers. */
export const mechanisms = {
  ntlm: Buffer.from('2b06010401823702020a', 'hex'),
  kerberos: Buffer.from('2a864886f712010202', 'hex'),
  /** As Windows 2000 wrote it, by a mistake that stayed. */
  kerberosOfWindows: Buffer.from('2a864882f712010202', 'hex'),
} as const

const spnego = Buffer.from('2b0601050502', 'hex')

/** First message of a client. */
export interface InitialToken {
  readonly kind: 'initial'
  /** In the client's order of preference. */
  readonly mechanisms: readonly Buffer[]
  /** The list as it was sent: what a checksum at the end covers. */
  readonly mechanismList: Buffer
  /** For the first mechanism of the list. */
  readonly token: Buffer | undefined
}

/** Every further message, of both sides. */
export interface ResponseToken {
  readonly kind: 'response'
  readonly state: NegotiationState | undefined
  readonly mechanism: Buffer | undefined
  readonly token: Buffer | undefined
  /** Checksum of the mechanism list. */
  readonly checksum: Buffer | undefined
}

const states = ['completed', 'incomplete', 'rejected', 'request-mic'] as const
export type NegotiationState = (typeof states)[number]

const mostMechanisms = 16
/** Bytes of it: it waits in memory for the end of the dialogue. */
const longestList = 1024

/** Whether a token is one of SPNEGO; a client may also send a message of NTLM as it is. */
export function isSpnego(bytes: Buffer): boolean {
  return bytes[0] === tags.application || bytes[0] === context(1)
}

/** Whether a token is a ticket of Kerberos as it is, in the framing of RFC 2743. @throws MalformedMessage */
export function isKerberos(bytes: Buffer): boolean {
  if (bytes[0] !== tags.application) return false
  const { tag, content } = readFirst(readOne(bytes, tags.application))
  return tag === tags.oid && (content.equals(mechanisms.kerberos) || content.equals(mechanisms.kerberosOfWindows))
}

export function buildInitial(list: readonly Buffer[], token: Buffer): Buffer {
  const inner = der(tags.sequence, der(context(0), mechanismListOf(list)), der(context(2), der(tags.octets, token)))
  return der(tags.application, der(tags.oid, spnego), der(context(0), inner))
}

/** The list of mechanisms as `buildInitial` writes it. */
export function mechanismListOf(list: readonly Buffer[]): Buffer {
  return der(tags.sequence, ...list.map((mechanism) => der(tags.oid, mechanism)))
}

export function buildResponse({ state, mechanism, token, checksum }: Partial<Omit<ResponseToken, 'kind'>>): Buffer {
  const parts = [
    state && der(context(0), der(tags.enumerated, Buffer.from([states.indexOf(state)]))),
    mechanism && der(context(1), der(tags.oid, mechanism)),
    token && der(context(2), der(tags.octets, token)),
    checksum && der(context(3), der(tags.octets, checksum)),
  ]
  return der(context(1), der(tags.sequence, ...parts.filter((part) => part !== undefined)))
}

/** @throws MalformedMessage */
export function parseSpnego(bytes: Buffer): InitialToken | ResponseToken {
  return bytes[0] === tags.application ? parseInitial(bytes) : parseResponse(bytes)
}

function parseInitial(bytes: Buffer): InitialToken {
  const [oid, body, ...others] = readDer(readOne(bytes, tags.application))
  if (oid?.tag !== tags.oid || !oid.content.equals(spnego) || body?.tag !== context(0) || others.length > 0) {
    throw new MalformedMessage('it is no token of SPNEGO')
  }
  const parts = partsOf(body.content)
  const mechanismList = parts.get(0)
  if (mechanismList === undefined) throw new MalformedMessage('it names no mechanism')
  if (mechanismList.length > longestList) throw new MalformedMessage('its list of mechanisms is too long')
  const list = readDer(readOne(mechanismList, tags.sequence))
  if (list.length > mostMechanisms || list.some(({ tag }) => tag !== tags.oid))
    throw new MalformedMessage('its list of mechanisms is unusable')
  return {
    kind: 'initial',
    mechanisms: list.map(({ content }) => content),
    mechanismList: Buffer.from(mechanismList),
    token: octetsOf(parts.get(2)),
  }
}

function parseResponse(bytes: Buffer): ResponseToken {
  const parts = partsOf(readOne(bytes, context(1)))
  const state = parts.get(0)
  const mechanism = parts.get(1)
  return {
    kind: 'response',
    state: state && states[readOne(state, tags.enumerated)[0] ?? states.length],
    mechanism: mechanism && readOne(mechanism, tags.oid),
    token: octetsOf(parts.get(2)),
    checksum: octetsOf(parts.get(3)),
  }
}

/** Contents of the numbered parts of a sequence. */
function partsOf(bytes: Buffer): ReadonlyMap<number, Buffer> {
  return new Map(readDer(readOne(bytes, tags.sequence)).map(({ tag, content }) => [tag - context(0), content]))
}

function octetsOf(part: Buffer | undefined): Buffer | undefined {
  return part && readOne(part, tags.octets)
}
