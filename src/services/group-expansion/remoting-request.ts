/** The question of IsPrincipalMemberOf in the binary form ([MS-RMPRS] 2.3.1.2), as a server of RMS 1.x asks it. */
import { graphWriter, primitives, records } from './remoting-graph.js'
import { methodName, typeName, type RemotingVersion } from './remoting-names.js'
import type { Question } from './other-forests.js'
import { beginArray, writeHeader } from './remoting-response.js'

/** MessageFlags, 2.3.2.4: ArgsIsArray, NoContext. */
export const requestFlags = 0x14
const [argumentsArray, principalText, groupsArray] = [1, 2, 3] as const

/** Names are sent with `mail=` before them, as in the example of 4.3. */
export function writeQuestion({ principal, groups, callsSoFar }: Question, version: RemotingVersion): Buffer {
  const writer = graphWriter(groupsArray + 1)
  writeHeader(writer, argumentsArray)
  writer.byte(records.request)
  writer.int32(requestFlags)
  for (const name of [methodName, typeName(version)]) {
    writer.byte(primitives.string)
    writer.text(name)
  }
  beginArray(writer, argumentsArray, 5)
  writer.byte(records.string)
  writer.int32(principalText)
  writer.text(`mail=${principal}`)
  writer.reference(principalText)
  writer.reference(groupsArray)
  writer.byte(records.typedPrimitive)
  writer.byte(primitives.int32)
  writer.int32(callsSoFar)
  writer.byte(records.null)
  writer.byte(records.strings)
  writer.int32(groupsArray)
  writer.int32(groups.length)
  for (const group of groups) writer.string(`mail=${group}`)
  writer.byte(records.end)
  return writer.bytes()
}
