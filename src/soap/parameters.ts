/**
 * What of a request reaches the operation, as with ASP.NET web services: members of the described message, in the namespace of the service, with
 * values that can be read. The rest is passed over, or refused before the operation begins.
 */
import type { XmlElement } from '../xml/read.js'
import type { Profile } from './profile.js'
import type { Member, MessageType } from './schema.js'
import { quoted, type SoapVersion } from './soap-problem.js'
import { requireReadable } from './values.js'

export interface ParameterReading {
  /** Of the service. XrML inside of a message has none, and is not looked into. */
  readonly namespace: string
  readonly version: SoapVersion
  readonly profile: Profile
  /** Is told of each parameter that Windows would not see, by name and namespace. */
  readonly onForeign: (parameter: string) => void
  /** Is told of what is let pass, though it should not be. */
  readonly onLenient?: (what: Leniency) => void
}

/** For people, and as a label of metrics. */
export type Leniency = 'no version header' | 'half a version header'

/**
 * The same element with only those children, down to the values, that the operation is to see. One that is nil is absent; in an array it keeps its
 * place, without content.
 * @throws SoapProblem Client for a value that its type does not have
 */
export function readParameters(holder: XmlElement, members: readonly Member[], reading: ParameterReading): XmlElement {
  const { namespace, profile, onForeign } = reading
  const named = new Set(holder.children.filter((child) => child.namespace === namespace).map(({ name }) => name))
  const children = holder.children.flatMap((child) => {
    const member = members.find(({ name }) => name === child.name)
    if (member === undefined) return []
    if (child.namespace !== namespace) {
      onForeign(`${quoted(child.name)} of namespace ${quoted(child.namespace)}`)
      if (profile.foreignParameters === 'absent' || named.has(child.name)) return []
    }
    return readMember(child, member, reading)
  })
  return { ...holder, children }
}

function readMember(holder: XmlElement, { type, maximum }: Member, reading: ParameterReading): readonly XmlElement[] {
  if (isNil(holder)) return maximum === 1 ? [] : [{ ...holder, children: [], text: '' }]
  return [readValue(holder, type, reading)]
}

function readValue(holder: XmlElement, type: MessageType, reading: ParameterReading): XmlElement {
  if (typeof type !== 'string') {
    if (type.kind === 'any') return holder
    if (type.kind === 'sequence') return readParameters(holder, type.members, reading)
  }
  requireReadable(holder, type, reading.version)
  return holder
}

function isNil({ attributes }: XmlElement): boolean {
  const nil = attributes['nil']?.trim()
  return nil === 'true' || nil === '1'
}
