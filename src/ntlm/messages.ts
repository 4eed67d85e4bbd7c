/** The three messages of an NTLM dialogue ([MS-NLMP] 2.2.1), from and to bytes. */
import { flags, hasFlag } from './flags.js'
import { MalformedMessage } from './malformed-message.js'

/** Type 1: the client offers. */
export interface NegotiateMessage {
  readonly flags: number
  /** OEM strings, mostly left empty. */
  readonly domain: string
  readonly workstation: string
}

/** Type 2: the server challenges. */
export interface ChallengeMessage {
  readonly flags: number
  /** Name of the domain that accounts are looked up in. */
  readonly targetName: string
  /** 8 bytes. */
  readonly challenge: Buffer
  /** Attribute-value pairs; empty when there are none. */
  readonly targetInfo: Buffer
}

/** Type 3: the client answers. */
export interface AuthenticateMessage {
  readonly flags: number
  readonly lmResponse: Buffer
  readonly ntResponse: Buffer
  readonly domain: string
  readonly user: string
  readonly workstation: string
  /** Empty, or the session key that the client chose, encrypted. */
  readonly sessionKey: Buffer
}

const signature = Buffer.from('NTLMSSP\0', 'latin1')
/** Windows 10 / Server 2016, NTLM revision 15; only ever shown in traces. */
const version = Buffer.from([10, 0, 0x39, 0x38, 0, 0, 0, 15])

/** Where the message integrity code of a type 3 message stands, when it has one. */
const micOffset = 72
const micLength = 16
const authenticateHead = micOffset + micLength

/** @returns 1, 2 or 3 @throws MalformedMessage */
export function messageType(bytes: Buffer): number {
  if (bytes.length < 12 || !bytes.subarray(0, 8).equals(signature))
    throw new MalformedMessage('it does not begin as an NTLM message')
  return bytes.readUInt32LE(8)
}

export function isNtlmMessage(bytes: Buffer): boolean {
  return bytes.length >= 12 && bytes.subarray(0, 8).equals(signature)
}

export function buildNegotiate(message: NegotiateMessage): Buffer {
  const builder = layout(1, 40)
  builder.head.writeUInt32LE(message.flags, 12)
  builder.field(16, Buffer.from(message.domain, 'latin1'))
  builder.field(24, Buffer.from(message.workstation, 'latin1'))
  version.copy(builder.head, 32)
  return builder.bytes()
}

/** @throws MalformedMessage */
export function parseNegotiate(bytes: Buffer): NegotiateMessage {
  requireMessage(bytes, 1, 16)
  const flags = bytes.readUInt32LE(12)
  const text = (at: number): string => (bytes.length < at + 8 ? '' : fieldOf(bytes, at).toString('latin1'))
  return {
    flags,
    domain: hasFlag(flags, 'domainSupplied') ? text(16) : '',
    workstation: hasFlag(flags, 'workstationSupplied') ? text(24) : '',
  }
}

export function buildChallenge(message: ChallengeMessage): Buffer {
  const builder = layout(2, 56)
  builder.field(12, encodeText(message.targetName, message.flags))
  builder.head.writeUInt32LE(message.flags, 20)
  message.challenge.copy(builder.head, 24)
  builder.field(40, message.targetInfo)
  version.copy(builder.head, 48)
  return builder.bytes()
}

/** @throws MalformedMessage */
export function parseChallenge(bytes: Buffer): ChallengeMessage {
  requireMessage(bytes, 2, 32)
  const flags = bytes.readUInt32LE(20)
  return {
    flags,
    targetName: decodeText(fieldOf(bytes, 12), flags),
    challenge: bytes.subarray(24, 32),
    targetInfo: bytes.length >= 48 ? fieldOf(bytes, 40) : Buffer.alloc(0),
  }
}

/** With room for the message integrity code, which is zero until it is set by `setMic`. */
export function buildAuthenticate(message: AuthenticateMessage): Buffer {
  const builder = layout(3, authenticateHead)
  builder.field(28, encodeText(message.domain, message.flags))
  builder.field(36, encodeText(message.user, message.flags))
  builder.field(44, encodeText(message.workstation, message.flags))
  builder.field(12, message.lmResponse)
  builder.field(20, message.ntResponse)
  builder.field(52, message.sessionKey)
  builder.head.writeUInt32LE(message.flags, 60)
  version.copy(builder.head, 64)
  return builder.bytes()
}

/**
 * @param agreed flags of the challenge, for old clients that repeat none
 * @throws MalformedMessage
 */
export function parseAuthenticate(bytes: Buffer, agreed = 0): AuthenticateMessage {
  requireMessage(bytes, 3, 52)
  const fields = [12, 20, 28, 36, 44].map((at) => fieldOf(bytes, at))
  const [lmResponse, ntResponse, domain, user, workstation] = fields as [Buffer, Buffer, Buffer, Buffer, Buffer]
  // The head of old clients ends before the session key and the flags: their strings begin there.
  const begin = Math.min(
    ...[12, 20, 28, 36, 44].filter((at) => bytes.readUInt16LE(at) > 0).map((at) => bytes.readUInt32LE(at + 4)),
    bytes.length,
  )
  const isLong = begin >= 64 && bytes.length >= 64
  const flags = isLong ? bytes.readUInt32LE(60) : agreed
  return {
    flags,
    lmResponse,
    ntResponse,
    domain: decodeText(domain, flags),
    user: decodeText(user, flags),
    workstation: decodeText(workstation, flags),
    sessionKey: isLong ? fieldOf(bytes, 52) : Buffer.alloc(0),
  }
}

/** The message integrity code of a type 3 message that says it has one. @throws MalformedMessage */
export function micOf(bytes: Buffer): Buffer {
  if (bytes.length < authenticateHead) throw new MalformedMessage('the message integrity code is missing')
  return bytes.subarray(micOffset, authenticateHead)
}

/** The message with this code in its place; zeros when it is left out, as it is for its computation. */
export function withMic(bytes: Buffer, mic: Buffer = Buffer.alloc(micLength)): Buffer {
  const copy = Buffer.from(bytes)
  mic.copy(copy, micOffset)
  return copy
}

function requireMessage(bytes: Buffer, type: number, leastLength: number): void {
  if (messageType(bytes) !== type) throw new MalformedMessage(`it is not of type ${type}`)
  if (bytes.length < leastLength) throw new MalformedMessage('it ends too early')
}

/** Length, room and offset, as they stand in the head, to the bytes behind it. */
function fieldOf(bytes: Buffer, at: number): Buffer {
  const length = bytes.readUInt16LE(at)
  if (length === 0) return Buffer.alloc(0)
  const offset = bytes.readUInt32LE(at + 4)
  if (offset + length > bytes.length) throw new MalformedMessage('a field points beyond its end')
  return bytes.subarray(offset, offset + length)
}

interface Layout {
  readonly head: Buffer
  /** Puts the bytes behind what is there, and their place into the head. */
  readonly field: (at: number, value: Buffer) => void
  readonly bytes: () => Buffer
}

function layout(type: number, headLength: number): Layout {
  const head = Buffer.alloc(headLength)
  signature.copy(head)
  head.writeUInt32LE(type, 8)
  const parts: Buffer[] = [head]
  let end = headLength
  return {
    head,
    field: (at, value) => {
      head.writeUInt16LE(value.length, at)
      head.writeUInt16LE(value.length, at + 2)
      head.writeUInt32LE(end, at + 4)
      parts.push(value)
      end += value.length
    },
    bytes: () => Buffer.concat(parts),
  }
}

/** OEM strings are read as Latin-1: the code page is the client's secret. */
function encodeText(text: string, agreed: number): Buffer {
  return (agreed & flags.unicode) === 0 ? Buffer.from(text, 'latin1') : Buffer.from(text, 'utf16le')
}

function decodeText(bytes: Buffer, agreed: number): string {
  return (agreed & flags.unicode) === 0 ? bytes.toString('latin1') : bytes.toString('utf16le')
}
