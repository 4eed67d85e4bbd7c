/** Reads the binary form of group expansion: a question whole, of an answer what counts ([MS-RMPRS] 2.3.1). */
import { methodName, pluginLibrary, remotingVersions, typeName, type RemotingVersion } from './remoting-names.js'
import { primitives, records } from './remoting-graph.js'
import { answerFlags, exceptionFlags } from './remoting-response.js'
import { requestFlags } from './remoting-request.js'

/** These bytes are no message of the binary form; says where. */
export class MalformedRemoting extends Error {
  override readonly name = 'MalformedRemoting'
}

export interface RemotingQuestion {
  readonly principal: string
  readonly groups: readonly string[]
  readonly callsSoFar: number
  readonly version: RemotingVersion
}

const longestText = 4096
const mostGroups = 10_000

interface Reader {
  byte(): number
  int32(): number
  text(): string
  expect(value: number, what: string): void
  at(): number
}

function readerOf(bytes: Buffer): Reader {
  let position = 0
  const take = (count: number): Buffer => {
    if (position + count > bytes.length)
      throw new MalformedRemoting(`it ends at byte ${bytes.length}, in the middle of a record`)
    position += count
    return bytes.subarray(position - count, position)
  }
  const byte = (): number => take(1)[0] ?? 0
  const text = (): string => {
    let length = 0
    for (let shift = 0; ; shift += 7) {
      const part = byte()
      length += (part & 0x7f) * 2 ** shift
      if (part < 0x80) break
      if (shift >= 28) throw new MalformedRemoting(`the length before byte ${position} has more than 5 bytes`)
    }
    if (length > longestText)
      throw new MalformedRemoting(`the text at byte ${position} has ${length} bytes, at most ${longestText} are taken`)
    return take(length).toString('utf8')
  }
  const expect = (value: number, what: string): void => {
    const found = byte()
    if (found !== value) throw new MalformedRemoting(`byte ${position - 1} is ${found}, not the ${value} of ${what}`)
  }
  return { byte, int32: () => take(4).readInt32LE(), text, expect, at: () => position }
}

/** @throws MalformedRemoting */
export function readQuestion(bytes: Buffer): RemotingQuestion {
  const reader = readerOf(bytes)
  const rootId = readHeader(reader)
  reader.expect(records.request, 'a request')
  expectInt32(reader, requestFlags, 'the message flags of a request')
  const method = readTextWithCode(reader)
  if (method !== methodName) throw new MalformedRemoting(`the method is ${JSON.stringify(method)}, not ${methodName}`)
  const type = readTextWithCode(reader)
  const version = remotingVersions.find((candidate) => typeName(candidate) === type)
  if (version === undefined)
    throw new MalformedRemoting(
      `the server type ${JSON.stringify(type.slice(0, 300))} is that of no version that has this interface`,
    )
  beginArray(reader, records.objects, rootId, 'the arguments')
  expectInt32(reader, 5, 'the number of arguments')
  reader.expect(records.string, 'a text')
  const principalId = reader.int32()
  const principal = reader.text()
  expectReference(reader, principalId, 'the principal')
  reader.expect(records.reference, 'a reference')
  const groupsId = reader.int32()
  reader.expect(records.typedPrimitive, 'a value with its type')
  reader.expect(primitives.int32, 'a number')
  const callsSoFar = reader.int32()
  if (callsSoFar < 0) throw new MalformedRemoting(`the number of calls is ${callsSoFar}`)
  reader.expect(records.null, 'nothing')
  beginArray(reader, records.strings, groupsId, 'the groups')
  const count = reader.int32()
  if (count < 0 || count > mostGroups)
    throw new MalformedRemoting(`there are ${count} groups, at most ${mostGroups} are read`)
  const texts = new Map([[principalId, principal]])
  const groups = Array.from({ length: count }, () => readArrayText(reader, texts))
  requireEnd(bytes, reader)
  return { principal, groups, callsSoFar, version }
}

/**
 * @param version of our question: the answer must be of the same, as Windows has it (product note 4)
 * @throws MalformedRemoting, also for an exception
 */
export function readAnswer(bytes: Buffer, version: RemotingVersion): boolean {
  const reader = readerOf(bytes)
  readHeader(reader)
  reader.expect(records.response, 'an answer')
  const flags = reader.int32()
  if (flags === exceptionFlags) throw new MalformedRemoting('the other server answers with an exception')
  if (flags !== answerFlags) throw new MalformedRemoting(`the message flags are ${flags}, which no answer has`)
  reader.expect(primitives.boolean, 'a flag')
  const isMember = reader.byte()
  if (isMember > 1) throw new MalformedRemoting(`the answer is ${isMember}, neither 0 nor 1`)
  if (!bytes.includes(pluginLibrary(version)))
    throw new MalformedRemoting('the answer is of another version than the question')
  requireEnd(bytes, reader)
  return isMember === 1
}

function readHeader(reader: Reader): number {
  reader.expect(records.header, 'a header')
  const rootId = reader.int32()
  reader.int32()
  expectInt32(reader, 1, 'the major version')
  expectInt32(reader, 0, 'the minor version')
  return rootId
}

function expectInt32(reader: Reader, value: number, what: string): void {
  const found = reader.int32()
  if (found !== value)
    throw new MalformedRemoting(`${what} before byte ${reader.at()} is ${found}, it must be ${value}`)
}

function expectReference(reader: Reader, id: number, what: string): void {
  reader.expect(records.reference, 'a reference')
  expectInt32(reader, id, `the reference to ${what}`)
}

function beginArray(reader: Reader, record: number, id: number, what: string): void {
  reader.expect(record, what)
  expectInt32(reader, id, `the number of ${what}`)
}

function readTextWithCode(reader: Reader): string {
  reader.expect(primitives.string, 'a text with its type')
  return reader.text()
}

/** A text that stood before may be referred to. */
function readArrayText(reader: Reader, texts: Map<number, string>): string {
  const record = reader.byte()
  const id = reader.int32()
  if (record === records.string) {
    const text = reader.text()
    texts.set(id, text)
    return text
  }
  const known = record === records.reference ? texts.get(id) : undefined
  if (known === undefined) throw new MalformedRemoting(`the group before byte ${reader.at()} is no text`)
  return known
}

/** Further records may follow; the last one ends the message. */
function requireEnd(bytes: Buffer, reader: Reader): void {
  if (reader.at() >= bytes.length || bytes.at(-1) !== records.end) throw new MalformedRemoting('it has no end record')
}
