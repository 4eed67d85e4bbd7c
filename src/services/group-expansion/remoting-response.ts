/** The answer of IsPrincipalMemberOf in the binary form ([MS-RMPRS] 2.3.1.3): yes or no with what is known of the principal, or an exception. */
import { graphWriter, primitives, records, type GraphWriter, type Instance } from './remoting-graph.js'
import {
  arrayList,
  callContext,
  dictionaryNode,
  hashtable,
  listDictionary,
  principalClasses,
  remotingException,
  stringCollection,
  type RemotingVersion,
} from './remoting-names.js'

/** What the answer tells of a principal besides. Whoever receives it does not read it (product note 3). */
export interface KnownPrincipal {
  /** `id=` and the SID in lower case, `mail=` and an address. */
  readonly identifiers: readonly string[]
  /** GUIDs of the containers it is in, in hexadecimal digits. */
  readonly containers: readonly string[]
  readonly objectGuid: string | null
  readonly exists: boolean
}

/** MessageFlags, 2.3.2.4: ArgsInArray, ContextInArray, ReturnValueInline; or NoArgs, ContextInArray, NoReturnValue, ExceptionInArray. */
export const answerFlags = 0x0848
export const exceptionFlags = 0x2241
const [returnArray, returnArguments, logicalCallContext] = [1, 2, 3] as const
/** An ArrayList grows to this size at once. */
const roomInList = 16

export function writeAnswer(isMember: boolean, known: KnownPrincipal, version: RemotingVersion): Buffer {
  const writer = graphWriter(logicalCallContext + 1)
  beginResponse(writer, answerFlags)
  writer.byte(primitives.boolean)
  writer.byte(isMember ? 1 : 0)
  beginArray(writer, returnArray, 2)
  writer.reference(returnArguments)
  writer.reference(logicalCallContext)
  beginArray(writer, returnArguments, 5)
  writer.byte(records.nulls256)
  writer.byte(4)
  writer.reference(writer.idOf(principalOf(known, version)))
  writeCallContext(writer)
  writer.objects()
  writer.byte(records.end)
  return writer.bytes()
}

/**
 * There is no published example of this one: its records are in the order that 2.3.1.3 gives, without the arguments that the flags exclude.
 * @param message for the log of the server that asked
 */
export function writeException(message: string): Buffer {
  const writer = graphWriter(logicalCallContext + 1)
  beginResponse(writer, exceptionFlags)
  beginArray(writer, returnArray, 2)
  const values = [remotingException.name, message, null, null, null, null, 0, null, -2146233077, null]
  writer.reference(writer.idOf({ of: remotingException, values }))
  writer.reference(logicalCallContext)
  writeCallContext(writer)
  writer.objects()
  writer.byte(records.end)
  return writer.bytes()
}

function beginResponse(writer: GraphWriter, flags: number): void {
  writeHeader(writer, returnArray)
  writer.byte(records.response)
  writer.int32(flags)
}

/** SerializationHeaderRecord, 2.3.1.1. */
export function writeHeader(writer: GraphWriter, rootId: number): void {
  writer.byte(records.header)
  for (const value of [rootId, -1, 1, 0]) writer.int32(value)
}

export function beginArray(writer: GraphWriter, id: number, length: number): void {
  writer.byte(records.objects)
  writer.int32(id)
  writer.int32(length)
}

function writeCallContext(writer: GraphWriter): void {
  writer.byte(records.systemClass)
  writer.int32(logicalCallContext)
  writer.text(callContext.name)
  writer.int32(0)
}

function principalOf(
  { identifiers, containers, objectGuid, exists }: KnownPrincipal,
  version: RemotingVersion,
): Instance {
  const { principal, explicitParse } = principalClasses(version)
  const head = identifiers.reduceRight<Instance | null>(
    (next, key) => ({ of: dictionaryNode, values: [key, true, next] }),
    null,
  )
  const dictionary: Instance = { of: listDictionary, values: [head, identifiers.length, identifiers.length, null] }
  const groups: Instance = { of: hashtable, values: [0.72, 0, null, null, 11, { items: [] }, { items: [] }] }
  const room = containers.length === 0 ? 0 : Math.max(roomInList, containers.length)
  const items = [...containers, ...Array.from({ length: room - containers.length }, () => null)]
  const list: Instance = { of: arrayList, values: [{ items }, containers.length, containers.length] }
  const collection: Instance = { of: stringCollection, values: [list] }
  return {
    of: principal,
    values: [
      dictionary,
      groups,
      null,
      null,
      collection,
      objectGuid,
      null,
      { of: explicitParse, values: [0], inline: true },
      exists,
      exists,
    ],
  }
}
