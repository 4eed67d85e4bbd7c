/** Names of JSON members are matched without regard to case: the published clients do not agree on it, `allowOfflineAccess` beside `IntervalTimeInDays` (rest-mde 6). */

/** Of a JSON Schema what names members. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
}

/** The same member stands twice, in two spellings: nobody knows which one counts. */
export class NamedTwice extends Error {
  override readonly name = 'NamedTwice'
}

/**
 * A request as its schema spells it: members that differ from a known one in case only get the known name, all others keep theirs.
 * @throws NamedTwice
 */
export function withKnownNames(schema: Schema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { items } = schema
    return items === undefined ? value : value.map((item) => withKnownNames(items, item))
  }
  const { properties } = schema
  if (properties === undefined || typeof value !== 'object' || value === null) return value
  const known = new Map(Object.keys(properties).map((name) => [name.toLowerCase(), name]))
  const members = Object.entries(value).map(([given, inner]): readonly [string, unknown] => {
    const name = known.get(given.toLowerCase())
    return name === undefined ? [given, inner] : [name, withKnownNames(properties[name] ?? {}, inner)]
  })
  const names = new Set<string>()
  const twice = members.find(([name]) => names.has(name) || !names.add(name))
  if (twice !== undefined) throw new NamedTwice(`the member ${twice[0]} stands there in two spellings`)
  return Object.fromEntries(members)
}
