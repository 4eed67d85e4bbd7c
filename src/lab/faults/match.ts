/** Which requests a fault touches. */
import { nearest } from '../../config/nearest.js'
import { nameKey } from '../../directory/account-name.js'
import { allAddresses } from '../../directory/addresses.js'
import type { Account } from '../../directory/directory.js'
import { LabInputError } from '../input-error.js'
import { readObject, shown } from '../json-object.js'

/** Every member that is there must fit; of the values of a member, one. */
export interface Match {
  readonly cluster?: readonly string[]
  /** Ids. */
  readonly node?: readonly string[]
  /** Names of a cluster's listeners, or `direct` for requests that came to the node itself. */
  readonly listener?: readonly string[]
  /** Paths below `/_wmcs`, or `/my/…`. */
  readonly endpoint?: readonly string[]
  readonly operation?: readonly string[]
  /** `CONTOSO\bob`, `bob`, or any of his mail addresses. */
  readonly user?: readonly string[]
  /** Text that stands in the User-Agent, in any case. */
  readonly userAgent?: readonly string[]
  /** Of the content or the template that the request is about. */
  readonly guid?: readonly string[]
}

export const matchMembers = [
  'cluster',
  'node',
  'listener',
  'endpoint',
  'operation',
  'user',
  'userAgent',
  'guid',
] as const
type MatchMember = (typeof matchMembers)[number]

/** What an installation has, so that a name that is none is noticed at once. */
export interface Known {
  readonly clusters: readonly string[]
  readonly nodes: readonly string[]
  /** `any`: balancers are started elsewhere, and their listeners may have any name. */
  readonly listeners: readonly string[] | 'any'
  /** As the specifications spell them: `/licensing/license.asmx`. */
  readonly endpoints: readonly string[]
  /** All, over SOAP and REST. */
  readonly operations: readonly string[]
  readonly restOperations: readonly string[]
}

/** What is known of a request when its operation begins. */
export interface Seen {
  readonly cluster: string
  readonly node: string
  readonly listener: string
  readonly endpoint: string
  readonly operation: string
  /** Who signed in; undefined for nobody. */
  readonly account: Account | undefined
  readonly userAgent: string
  /** Whether the request names that GUID anywhere: without braces, in lower case. */
  readonly names: (guid: string) => boolean
}

/** A member with a list of 20 names is long. */
const mostValues = 50
const longestValue = 300

const guidForm = /^\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?$/i

/** @throws LabInputError */
export function parseMatch(value: unknown, known: Known): Match {
  if (value === undefined) return {}
  const given = readObject(value, '"match" of the fault', matchMembers)
  return Object.fromEntries(
    matchMembers.flatMap((member) => {
      const values = given[member]
      return values === undefined
        ? []
        : [[member, readValues(member, values).map((one) => readValue(member, one, known))]]
    }),
  )
}

function readValues(member: MatchMember, value: unknown): readonly string[] {
  const values = Array.isArray(value) ? (value as readonly unknown[]) : [value]
  const isText = (one: unknown): one is string => typeof one === 'string' && one !== '' && one.length <= longestValue
  if (values.length > 0 && values.length <= mostValues && values.every(isText)) return values
  throw new LabInputError(
    `"${member}" of the match is ${shown(value)}: it must be a text of at most ${longestValue} characters, ` +
      `or a list of 1 to ${mostValues} of them`,
  )
}

function readValue(member: MatchMember, value: string, known: Known): string {
  switch (member) {
    case 'cluster':
      return requireKnown(member, value, known.clusters)
    case 'node':
      return requireKnown(member, value, known.nodes)
    case 'listener':
      return known.listeners === 'any' ? value : requireKnown(member, value, [...known.listeners, 'direct'])
    case 'endpoint':
      return requireKnown(member, value.replace(/^\/_wmcs(?=\/)/i, ''), known.endpoints)
    case 'operation':
      return requireKnown(member, value, known.operations)
    case 'guid':
      return plainGuid(value)
    case 'user':
    case 'userAgent':
      return value
  }
}

/** In the spelling of the installation. */
function requireKnown(member: MatchMember, value: string, names: readonly string[]): string {
  const found = names.find((name) => name.toLowerCase() === value.toLowerCase())
  if (found !== undefined) return found
  const meant = nearest(value, names)
  const hint = meant === undefined ? `there ${isOrAre(names)}` : `did you mean "${meant}"?`
  throw new LabInputError(`There is no ${member} ${shown(value)} here: ${hint}`)
}

function isOrAre(names: readonly string[]): string {
  if (names.length === 0) return 'is none'
  return `${names.length === 1 ? 'is' : 'are'} ${names.slice(0, 40).join(', ')}${names.length > 40 ? ' …' : ''}`
}

function plainGuid(value: string): string {
  const [, guid] = guidForm.exec(value) ?? []
  if (guid !== undefined) return guid.toLowerCase()
  throw new LabInputError(
    `"guid" of the match is ${shown(value)}, which is no GUID: write one as 9a23d98e-4449-4ba5-812a-f30808f3cb16`,
  )
}

export function matches(match: Match, seen: Seen): boolean {
  return (
    includes(match.cluster, seen.cluster) &&
    includes(match.node, seen.node) &&
    includes(match.listener, seen.listener) &&
    includes(match.endpoint, seen.endpoint) &&
    includes(match.operation, seen.operation) &&
    (match.user === undefined || match.user.some((name) => isCalled(seen.account, name))) &&
    (match.userAgent === undefined || match.userAgent.some((part) => contains(seen.userAgent, part))) &&
    (match.guid === undefined || match.guid.some(seen.names))
  )
}

function includes(wanted: readonly string[] | undefined, found: string): boolean {
  return wanted === undefined || wanted.some((name) => name.toLowerCase() === found.toLowerCase())
}

function contains(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase())
}

/** Whether the account is known by that name: `CONTOSO\bob`, `bob`, or one of its mail addresses. */
export function isCalled(account: Account | undefined, name: string): boolean {
  if (account === undefined) return false
  const key = nameKey(name)
  const own = nameKey(account.name)
  return own === key || own.endsWith(`\\${key}`) || allAddresses(account).some((address) => nameKey(address) === key)
}
