/**
 * Objects in the binary form of .NET remoting, as far as group expansion has them ([MS-RMPRS] 2.3.2 to 2.3.6). An object gets its number when it is
 * first named and is written in that order; strings stand where they are used.
 */

/** RecordTypeEnumeration, 2.3.2.1. */
export const records = {
  header: 0x00,
  classWithId: 0x01,
  systemClass: 0x04,
  class: 0x05,
  string: 0x06,
  typedPrimitive: 0x08,
  reference: 0x09,
  null: 0x0a,
  end: 0x0b,
  library: 0x0c,
  nulls256: 0x0d,
  nulls: 0x0e,
  objects: 0x10,
  strings: 0x11,
  request: 0x15,
  response: 0x16,
} as const

/** PrimitiveTypeEnumeration, 2.3.2.3. */
export const primitives = { boolean: 0x01, int32: 0x08, single: 0x0b, string: 0x12 } as const

/** The type of a member, 2.3.2.2, with what the class record says of it besides. */
export type MemberType =
  | { readonly kind: 'primitive'; readonly primitive: 'boolean' | 'int32' | 'single' }
  | { readonly kind: 'string' | 'object' | 'objects' }
  | { readonly kind: 'system'; readonly name: string }
  | { readonly kind: 'class'; readonly name: string; readonly library: string }

export interface ClassDescription {
  readonly name: string
  /** Undefined for a class of the system library. */
  readonly library: string | undefined
  readonly members: readonly (readonly [name: string, type: MemberType])[]
}

/** A reference to an object, or a text, number or flag as the member's type has it. */
export type Value = null | string | number | boolean | Instance | ObjectArray

export interface Instance {
  readonly of: ClassDescription
  readonly values: readonly Value[]
  /** A value type: written where it is used, and referenced by nobody. */
  readonly inline?: true
}

export interface ObjectArray {
  readonly items: readonly (string | null)[]
}

const kindNumbers = { primitive: 0, string: 1, object: 2, system: 3, class: 4, objects: 5 } as const

export interface GraphWriter {
  byte(value: number): void
  int32(value: number): void
  /** LengthPrefixedString, 2.3.3.4. */
  text(value: string): void
  /** BinaryObjectString with a number of its own. */
  string(value: string): void
  reference(id: number): void
  /** The number of an object, which is written by `objects`. */
  idOf(object: Instance | ObjectArray): number
  /** Everything that was named and is not written yet. */
  objects(): void
  bytes(): Buffer
}

/** @param firstId the next free number of an object */
export function graphWriter(firstId: number): GraphWriter {
  const chunks: Buffer[] = []
  const ids = new Map<Instance | ObjectArray, number>()
  const libraries = new Map<string, number>()
  const classes = new Map<ClassDescription, number>()
  const waiting: (Instance | ObjectArray)[] = []
  let next = firstId

  const byte = (value: number): void => void chunks.push(Buffer.of(value))
  const int32 = (value: number): void => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32LE(value)
    chunks.push(bytes)
  }
  const single = (value: number): void => {
    const bytes = Buffer.alloc(4)
    bytes.writeFloatLE(value)
    chunks.push(bytes)
  }
  const text = (value: string): void => {
    const bytes = Buffer.from(value, 'utf8')
    let length = bytes.length
    for (; length > 0x7f; length >>>= 7) byte(0x80 | (length & 0x7f))
    byte(length)
    chunks.push(bytes)
  }
  const string = (value: string): void => {
    byte(records.string)
    int32(next++)
    text(value)
  }
  const reference = (id: number): void => {
    byte(records.reference)
    int32(id)
  }
  const idOf = (object: Instance | ObjectArray): number => {
    const known = ids.get(object)
    if (known !== undefined) return known
    ids.set(object, next)
    waiting.push(object)
    return next++
  }

  /** Each is named once, before the first record that needs it. */
  const declareLibraries = ({ library, members }: ClassDescription): void => {
    const needed = [library, ...members.map(([, type]) => (type.kind === 'class' ? type.library : undefined))].filter(
      (name) => name !== undefined,
    )
    for (const name of needed.filter((one) => !libraries.has(one))) {
      if (libraries.has(name)) continue
      libraries.set(name, next)
      byte(records.library)
      int32(next++)
      text(name)
    }
  }

  const describeMembers = ({ members }: ClassDescription): void => {
    int32(members.length)
    for (const [name] of members) text(name)
    for (const [, type] of members) byte(kindNumbers[type.kind])
    for (const [, type] of members) {
      if (type.kind === 'primitive') byte(primitives[type.primitive])
      if (type.kind === 'system' || type.kind === 'class') text(type.name)
      if (type.kind === 'class') int32(libraries.get(type.library) ?? 0)
    }
  }

  const primitive = (value: Value, type: 'boolean' | 'int32' | 'single'): void => {
    if (type === 'boolean') byte(value === true ? 1 : 0)
    else if (type === 'int32') int32(Number(value))
    else single(Number(value))
  }

  const member = (value: Value, type: MemberType): void => {
    if (type.kind === 'primitive') primitive(value, type.primitive)
    else if (value === null) byte(records.null)
    else if (typeof value === 'string') string(value)
    else if (typeof value === 'boolean')
      chunks.push(Buffer.of(records.typedPrimitive, primitives.boolean, value ? 1 : 0))
    else if (typeof value === 'number') throw new TypeError('A number needs a member of a primitive type')
    else if ('inline' in value) instance(value, -next++)
    else reference(idOf(value))
  }

  const instance = ({ of, values }: Instance, id: number): void => {
    const described = classes.get(of)
    if (described === undefined) {
      declareLibraries(of)
      byte(of.library === undefined ? records.systemClass : records.class)
      int32(id)
      text(of.name)
      describeMembers(of)
      if (of.library !== undefined) int32(libraries.get(of.library) ?? 0)
      classes.set(of, id)
    } else {
      byte(records.classWithId)
      int32(id)
      int32(described)
    }
    for (const [index, [, type]] of of.members.entries()) member(values[index] ?? null, type)
  }

  const array = ({ items }: ObjectArray, id: number): void => {
    byte(records.objects)
    int32(id)
    int32(items.length)
    for (let at = 0; at < items.length;) {
      const item = items[at] ?? null
      if (item !== null) {
        string(item)
        at++
        continue
      }
      const following = items.slice(at).findIndex((other) => other !== null)
      const count = following < 0 ? items.length - at : following
      writeNulls(count)
      at += count
    }
  }

  const writeNulls = (count: number): void => {
    if (count === 1) return byte(records.null)
    if (count < 256) return void chunks.push(Buffer.of(records.nulls256, count))
    byte(records.nulls)
    int32(count)
  }

  const objects = (): void => {
    for (let object = waiting.shift(); object !== undefined; object = waiting.shift()) {
      const id = idOf(object)
      if ('items' in object) array(object, id)
      else instance(object, id)
    }
  }
  return { byte, int32, text, string, reference, idOf, objects, bytes: () => Buffer.concat(chunks) }
}
