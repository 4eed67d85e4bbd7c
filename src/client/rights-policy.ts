/** Who may do what with content, as an author says it, and as rights data says it ([MS-RMPR] 2.2.9.8). */
import { nearest } from '../config/nearest.js'
import {
  anyonePrincipal,
  knownRights,
  mailPrincipal,
  ownerPrincipal,
  type Grant,
  type RightsPrincipal,
} from '../xrml/rights.js'
import type { TemplateText } from '../xrml/template.js'
import { addSeconds, beginningAt, secondsPerDay, toMinute, type TimeRange } from '../xrml/times.js'
import type { Template } from './acquire-templates.js'

/** Rights of one user or group. */
export interface RightsEntry {
  /** Mail address of a user or group, `ANYONE`, or `OWNER` for the author. */
  readonly to: string
  /** Names as XrML has them, compared exactly: VIEW, EDIT, PRINT, EXTRACT, FORWARD, REPLY, OWNER …, those of `knownRights` unless `anyRight` is set. */
  readonly rights: readonly string[]
  /** The rights end then. */
  readonly until?: Date
  /** A license is good for that many days after it was issued. */
  readonly days?: number
}

/** Rights chosen for this content alone. */
export interface OwnRights {
  readonly rights: readonly RightsEntry[]
  /** Takes rights that only an application of your own knows; without it a name that nobody knows is refused, as it is mostly a mistake. */
  readonly anyRight?: boolean
  /** Servers issue no licenses after that. */
  readonly validUntil?: Date
  /** Servers issue no licenses before that; from the time of publishing on when left out. */
  readonly validFrom?: Date
  /** Takes ends that have passed, for content that is to have ended already; without it such an end is refused, as it is mostly a mistake. */
  readonly anyTime?: boolean
  /** Mail address or URL of whom to ask for more rights. */
  readonly referral?: string
  /** Shown to readers. */
  readonly name?: string
  readonly description?: string
  /** Name and description in several languages, instead. */
  readonly texts?: readonly TemplateText[]
  /** APPSPECIFIC name and value pairs, such as `Allow_Server_Editing` with `True`. */
  readonly applicationData?: readonly { readonly name: string; readonly value: string }[]
}

/** Rights of a template: from `templates()`, its text as distributed, or its name or GUID. */
export interface TemplateRights {
  readonly template: Template | string
}

/** Who may do what with the content. */
export type RightsPolicy = OwnRights | TemplateRights

/** Bounds the rights data; a license with more would exceed what servers read. */
const maximumGrants = 10_000

/**
 * @throws RangeError naming the right that was meant
 */
export function requireKnownRights({
  rights: entries,
  anyRight = false,
}: Pick<OwnRights, 'rights' | 'anyRight'>): void {
  if (anyRight) return
  for (const { to, rights } of entries) {
    const unknown = rights.find((right) => right.trim() !== '' && !knownRights.includes(right))
    if (unknown === undefined) continue
    const meant = nearest(unknown, knownRights)
    throw new RangeError(
      `Rights of ${to}: nobody knows "${unknown}". ${meant === undefined ? `Known are ${knownRights.join(', ')}.` : `Did you mean ${meant}?`} ` +
        'A right of an application of your own needs { anyRight: true } (client publish: --any-right)',
    )
  }
}

/**
 * One grant for each right and principal. The author's OWNER is added at the end, as the clients of today do.
 * @throws RangeError
 */
export function grantsOf(entries: readonly RightsEntry[], issuedTime: Date, anyTime = false): readonly Grant[] {
  const grants = entries.flatMap((entry) => {
    const { to, rights, until, days } = entry
    if (days !== undefined && (!Number.isInteger(days) || days < 1)) {
      throw new RangeError(`Rights of ${to}: ${days} is not a whole number of days`)
    }
    if (until !== undefined && !anyTime) checkEnd(until, issuedTime, `Rights of ${to}`)
    const empty = rights.find((right) => right.trim() === '')
    if (empty !== undefined) throw new RangeError(`Rights of ${to}: a right without name`)
    const range = until === undefined ? undefined : rangeUntil(until, issuedTime)
    return rights.map((right): Grant => ({ right, principal: principalOf(to), range, days }))
  })
  if (grants.length > maximumGrants)
    throw new RangeError(`${grants.length} rights are too many, ${maximumGrants} can be given`)
  const hasOwner = grants.some(({ right, principal }) => right === 'OWNER' && principal === ownerPrincipal)
  return hasOwner ? grants : [...grants, { right: 'OWNER', principal: ownerPrincipal }]
}

/** What has ended before it was published held for a day. */
function rangeUntil(until: Date, issuedTime: Date): TimeRange {
  const from = beginningAt(issuedTime)
  return { from: from < until ? from : addSeconds(until, -secondsPerDay), until }
}

/** The last minute that XrML can write. */
const endless = new Date('9999-12-31T23:59:00Z')

/**
 * When the content holds; undefined: always.
 * @throws RangeError
 */
export function validityOf(
  { validFrom, validUntil, anyTime = false }: Pick<OwnRights, 'validFrom' | 'validUntil' | 'anyTime'>,
  issuedTime: Date,
): TimeRange | undefined {
  if (validUntil !== undefined && !anyTime) checkEnd(validUntil, issuedTime, 'The content')
  if (validFrom === undefined) return validUntil === undefined ? undefined : rangeUntil(validUntil, issuedTime)
  const until = validUntil ?? endless
  if (toMinute(until) <= toMinute(validFrom))
    throw new RangeError(
      `The content: the end ${until.toISOString()} must be at least a minute after the beginning, ${validFrom.toISOString()}`,
    )
  return { from: validFrom, until }
}

/**
 * Licenses count in whole minutes, so an end in the minute of publishing would leave nothing.
 * @throws RangeError
 */
export function checkEnd(until: Date, issuedTime: Date, what: string): void {
  if (toMinute(until) > toMinute(issuedTime)) return
  const times = `the end ${until.toISOString()} must be at least a minute after the time of publishing, ${issuedTime.toISOString()}`
  throw new RangeError(`${what}: ${times}. Content that is to have ended already needs { anyTime: true }`)
}

function principalOf(to: string): RightsPrincipal {
  if (/^anyone$/i.test(to)) return anyonePrincipal
  if (/^owner$/i.test(to)) return ownerPrincipal
  if (!/^[^\s@]+@[^\s@]+$/.test(to)) throw new RangeError(`"${to}" is neither a mail address nor ANYONE nor OWNER`)
  return mailPrincipal(to)
}
