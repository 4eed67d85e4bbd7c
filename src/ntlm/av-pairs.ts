/** Attribute-value pairs: what the server tells of itself, and what the client repeats in an NTLMv2 response ([MS-NLMP] 2.2.2.1). */
import { MalformedMessage } from './malformed-message.js'

export const avIds = {
  end: 0,
  netbiosComputerName: 1,
  netbiosDomainName: 2,
  dnsComputerName: 3,
  dnsDomainName: 4,
  dnsTreeName: 5,
  flags: 6,
  timestamp: 7,
  targetName: 9,
  channelBindings: 10,
} as const

/** In `flags`: the message is protected by a message integrity code. */
export const micPresent = 0x2

export interface AvPair {
  readonly id: number
  readonly value: Buffer
}

const mostPairs = 64

/** In order, without the end mark, which is added. */
export function buildAvPairs(pairs: readonly AvPair[]): Buffer {
  const parts = [...pairs, { id: avIds.end, value: Buffer.alloc(0) }].flatMap(({ id, value }) => {
    const head = Buffer.alloc(4)
    head.writeUInt16LE(id)
    head.writeUInt16LE(value.length, 2)
    return [head, value]
  })
  return Buffer.concat(parts)
}

/**
 * Pairs up to the end mark; what follows it is padding.
 * @throws MalformedMessage
 */
export function parseAvPairs(bytes: Buffer): readonly AvPair[] {
  const pairs: AvPair[] = []
  for (let at = 0; at + 4 <= bytes.length;) {
    const id = bytes.readUInt16LE(at)
    const end = at + 4 + bytes.readUInt16LE(at + 2)
    if (id === avIds.end) return pairs
    if (end > bytes.length || pairs.length >= mostPairs)
      throw new MalformedMessage('a pair of the target information does not end')
    pairs.push({ id, value: bytes.subarray(at + 4, end) })
    at = end
  }
  throw new MalformedMessage('the target information has no end mark')
}

export function valueOfPair(pairs: readonly AvPair[], name: keyof typeof avIds): Buffer | undefined {
  return pairs.find(({ id }) => id === avIds[name])?.value
}

/** 100-nanosecond steps since 1601, as Windows counts time. */
export function toFileTime(time: Date): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE((BigInt(time.getTime()) + epochDifference) * 10_000n)
  return bytes
}

/** Milliseconds since 1970. */
export function fromFileTime(bytes: Buffer): number {
  return Number(bytes.readBigUInt64LE() / 10_000n - epochDifference)
}

/** Milliseconds from 1601 to 1970. */
const epochDifference = 11_644_473_600_000n
