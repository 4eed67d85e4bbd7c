/** Start tags of plain XML. The same few hundred stand in all messages, so what was made of their text is remembered. */
import { detached } from './detached.js'

export interface PlainTag {
  /** Of its text. */
  readonly length: number
  readonly prefix: string
  /** Without prefix. */
  readonly name: string
  /** By local name, without the namespace declarations. */
  readonly attributes: Readonly<Record<string, string>>
  /** Prefix ('' for the default) and URI of each namespace declaration. */
  readonly declared: readonly (readonly [string, string])[]
  /** Prefixes of the name and of attributes: each must be bound where the tag stands. */
  readonly prefixes: readonly string[]
  readonly prefixed: boolean
  readonly isEmpty: boolean
  /** `</name>`, with its prefix. */
  readonly endTag: string
}

const form =
  /^<((?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*))((?:[ \n]+(?:[A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*=(?:"[^"<&]*"|'[^'<&]*'))*)[ \n]*(\/?)>$/
const attribute = /[ \n]+(?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)=(?:"([^"]*)"|'([^']*)')/g
/** White space other than blanks would become blanks; some namespaces cannot be declared. */
const plainValue = /^[\x20-\uD7FF]*$/
const reserved: readonly string[] = ['http://www.w3.org/XML/1998/namespace', 'http://www.w3.org/2000/xmlns/']

/** Far below what the complete parser takes. */
const mostAttributes = 20
/** Both bound what is remembered: about a megabyte. */
const mostTags = 2000
const longestTag = 200
const remembered = new Map<string, PlainTag>()

/**
 * @param text from `<` to the next `>`
 * @returns undefined when it is not a start tag, or one that the complete parser has to judge
 */
export function readPlainTag(text: string): PlainTag | undefined {
  const known = remembered.get(text)
  if (known !== undefined) return known
  if (text.length > longestTag) return read(text)
  const own = detached(text)
  const tag = read(own)
  if (tag === undefined) return undefined
  if (remembered.size >= mostTags) remembered.clear()
  remembered.set(own, tag)
  return tag
}

function read(text: string): PlainTag | undefined {
  const [matched, qualified = '', prefix = '', name = '', written = '', slash] = form.exec(text) ?? []
  if (matched === undefined) return undefined
  const all = [...written.matchAll(attribute)].map(([, space = '', local = '', double, single]) => ({
    space,
    local,
    value: double ?? single ?? '',
  }))
  const isDeclaration = ({ space, local }: Attribute): boolean =>
    space === 'xmlns' || (space === '' && local === 'xmlns')
  const declared = all
    .filter(isDeclaration)
    .map(({ space, local, value }) => [space === '' ? '' : local, value] as const)
  const others = all.filter((one) => !isDeclaration(one))
  const prefixes = [prefix, ...others.map(({ space }) => space)].filter((used) => used !== '')
  const isPlain =
    all.length <= mostAttributes &&
    all.every(({ value }) => plainValue.test(value)) &&
    declared.every(mayDeclare) &&
    !prefixes.some(isReserved)
  if (!isPlain || hasDouble(declared.map(([bound]) => bound)) || hasDouble(others.map(({ local }) => local)))
    return undefined
  const attributes = Object.assign(
    Object.create(null) as Record<string, string>,
    Object.fromEntries(others.map(({ local, value }) => [local, value])),
  )
  return {
    length: text.length,
    prefix,
    name,
    attributes,
    declared,
    prefixes,
    prefixed: prefixes.length > 0,
    isEmpty: slash === '/',
    endTag: `</${qualified}>`,
  }
}

interface Attribute {
  readonly space: string
  readonly local: string
  readonly value: string
}

/** These prefixes are bound everywhere, and mean more than a name. */
function isReserved(prefix: string): boolean {
  return prefix === 'xml' || prefix === 'xmlns'
}

function mayDeclare([prefix, uri]: readonly [string, string]): boolean {
  if (uri.trim() !== uri || reserved.includes(uri)) return false
  return prefix === '' || (uri !== '' && !isReserved(prefix))
}

function hasDouble(names: readonly string[]): boolean {
  return new Set(names).size < names.length
}
