/** What is to be issued by hand, as people say it: read with a word for each mistake. */
import { nearest } from '../../config/nearest.js'
import type { OperationName } from '../../exceptions.js'
import { documentFaults, operationsWith, type DocumentFault } from '../../lab/faults/document-fault.js'
import { LabInputError } from '../../lab/input-error.js'
import { parseInstant } from '../../lab/instant.js'
import { readChoice, readObject, shown } from '../../lab/json-object.js'
import { rightNamed } from '../../xrml/rights.js'
import type { RightsEntry } from '../../client/rights-policy.js'

export const issuedKinds = ['rac', 'clc', 'pl', 'ul'] as const
export type IssuedKind = (typeof issuedKinds)[number]

/** Who makes which. */
export const operationOf = {
  rac: 'Certify',
  clc: 'GetClientLicensorCert',
  pl: 'AcquireIssuanceLicense',
  ul: 'AcquireLicense',
} as const satisfies Readonly<Record<IssuedKind, OperationName>>

/** Somebody's rights: `{ to: 'bob@contoso.test', rights: ['VIEW'] }`. */
export interface GivenRights {
  /** Mail address of a user or group, or ANYONE. */
  readonly to: string
  readonly rights: readonly string[]
  /** They end then: ISO 8601. */
  readonly until?: string
  /** A license is good for that many days. */
  readonly days?: number
}

export interface IssueWanted {
  readonly kind: IssuedKind
  /** Whom it is for; of a PL the author. By mail address, name or SID. */
  readonly account: string
  /** The root when left out. */
  readonly cluster?: string
  /** Of certs/machines: whose key the account certificate is bound to. The first that fits the account and the mode, when left out. */
  readonly machine?: string
  /** In which way it is bad; good when left out. */
  readonly wrong?: DocumentFault
  /** Of a PL, or of the PL that a UL is issued for: ANYONE has VIEW when neither rights nor a template is given. */
  readonly rights?: readonly GivenRights[]
  /** Takes rights that nobody knows. */
  readonly anyRight?: boolean
  /** Name or GUID of a template, in place of rights. */
  readonly template?: string
  /** Of the PL that a UL is issued for: somebody else when left out, as the author has all rights. */
  readonly owner?: string
  /** The PL that a UL is issued for, with its chain, in place of a new one: XrML, or base64 of it. */
  readonly license?: string
}

/** The same, understood. */
export interface IssueOrder extends Omit<IssueWanted, 'rights'> {
  readonly rights?: readonly RightsEntry[]
}

const special = ['rights', 'anyRight', 'template', 'owner', 'license'] as const
const members = ['kind', 'account', 'cluster', 'machine', 'wrong', ...special] as const

/** Which members a kind has beside the first ones. */
const ofKind: Readonly<Record<IssuedKind, readonly (typeof members)[number][]>> = {
  rac: [],
  clc: [],
  pl: ['rights', 'anyRight', 'template'],
  ul: special,
}

const longestName = 512
/** Characters. */
const longestLicense = 4 * 1024 * 1024
const mostRights = 100

/** @throws LabInputError that names what was meant */
export function readIssueWanted(value: unknown): IssueOrder {
  const given = readObject(value, 'What to issue', members)
  const kind = readChoice(
    typeof given['kind'] === 'string' ? given['kind'].toLowerCase() : given['kind'],
    '"kind" of what to issue',
    issuedKinds,
  )
  for (const name of special)
    if (given[name] !== undefined && !ofKind[kind].includes(name))
      throw new LabInputError(
        `"${name}" is not of a ${kind.toUpperCase()}: it goes with ${issuedKinds.filter((one) => ofKind[one].includes(name)).join(' and ')}`,
      )
  const [first, second] = (['license', 'template', 'rights'] as const).filter((name) => given[name] !== undefined)
  if (first !== undefined && second !== undefined)
    throw new LabInputError(`Give either "${second}" or "${first}", not both: "${first}" says already who may do what`)
  if (given['license'] !== undefined && given['owner'] !== undefined)
    throw new LabInputError('Give either "owner" or "license", not both: the license has its author')
  if (given['account'] === undefined) throw new LabInputError('"account" of what to issue is missing: such as "alice"')
  const text = (name: (typeof members)[number], longest = longestName): object =>
    given[name] === undefined ? {} : { [name]: readText(given[name], name, longest) }
  return {
    kind,
    account: readText(given['account'], 'account', longestName),
    ...text('cluster'),
    ...text('machine'),
    ...(given['wrong'] === undefined ? {} : { wrong: readWrong(given['wrong'], kind) }),
    ...(given['rights'] === undefined ? {} : { rights: readRights(given['rights']) }),
    ...(given['anyRight'] === undefined ? {} : { anyRight: readFlag(given['anyRight'], 'anyRight') }),
    ...text('template'),
    ...text('owner'),
    ...text('license', longestLicense),
  }
}

function readText(value: unknown, name: string, longest: number): string {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= longest) return value.trim()
  throw new LabInputError(`"${name}" is ${shown(value)}: it must be a text of 1 to ${longest} characters`)
}

function readFlag(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value
  throw new LabInputError(`"${name}" is ${shown(value)}: write true or false`)
}

function readWrong(value: unknown, kind: IssuedKind): DocumentFault {
  const possible = documentFaults.filter((fault) => operationsWith(fault).includes(operationOf[kind]))
  return readChoice(value, `"wrong" of the ${kind.toUpperCase()}`, possible)
}

function readRights(value: unknown): readonly RightsEntry[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > mostRights)
    throw new LabInputError(
      `"rights" must be a list of 1 to ${mostRights} like {"to":"bob@contoso.test","rights":["VIEW"]}`,
    )
  return value.map(readEntry)
}

function readEntry(value: unknown): RightsEntry {
  const { to, rights, until, days } = readObject(value, 'An entry of "rights"', ['to', 'rights', 'until', 'days'])
  if (!Array.isArray(rights) || rights.length === 0 || rights.length > mostRights)
    throw new LabInputError(`"rights" of an entry is ${shown(rights)}: it must be a list such as ["VIEW","PRINT"]`)
  if (days !== undefined && (typeof days !== 'number' || !Number.isInteger(days) || days < 1 || days > 36_500))
    throw new LabInputError(`"days" of an entry is ${shown(days)}: it must be a whole number from 1 to 36500`)
  return {
    to: readText(to, 'to', longestName),
    rights: rights.map((right) => rightNamed(readText(right, 'rights', longestName))),
    ...(until === undefined ? {} : { until: parseInstant(until, '"until" of an entry') }),
    ...(days === undefined ? {} : { days }),
  }
}

/** @throws LabInputError for a name that is none of these */
export function requireName(what: string, given: string, names: readonly string[]): string {
  const found = names.find((name) => name.toLowerCase() === given.toLowerCase())
  if (found !== undefined) return found
  const meant = nearest(given, names)
  const hint = meant === undefined ? `there is ${names.slice(0, 40).join(', ') || 'none'}` : `did you mean "${meant}"?`
  throw new LabInputError(`There is no ${what} ${shown(given)}: ${hint}`)
}
