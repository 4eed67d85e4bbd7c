/** Which rights an account has to a content ([MS-RMPR] 3.4.4.1): pure, membership answers are given to it. */
import { plainAddress } from '../mail-address.js'
import type { RmsObject } from '../xrml/body.js'
import type { Grant, RightsPrincipal, TimeCondition } from '../xrml/rights.js'
import { addSeconds, beginningAt, hasBegun, isWithin, secondsPerDay, type TimeRange } from '../xrml/times.js'
import type { UlRight } from '../xrml/ul.js'

/** Everything by which an account can be named in a policy. Compared without regard to case. */
export interface Identity {
  /** SID of the account and of every group it is in. */
  readonly sids: ReadonlySet<string>
  /** Mail addresses of the account, aliases included, and of every group it is in. */
  readonly mails: ReadonlySet<string>
  /** SIDs and addresses of the account alone: a group is nobody's owner. */
  readonly own: ReadonlySet<string>
  /** Mail addresses of the groups alone: an address of somebody's own makes nobody a super user. */
  readonly groups: ReadonlySet<string>
}

export interface Policy {
  readonly grants: readonly Grant[]
  readonly precondition: TimeCondition
  /** The author, from the PL's METADATA. */
  readonly owner: RmsObject | undefined
  /** ISSUEDTIME of the PL: days of content expiry count from it. */
  readonly issuedTime: Date
  /** Grants of the older copy of the template, which the server's own copy has replaced: nobody has a right by them. */
  readonly replaced?: readonly Grant[]
}

/** All values in lower case, as the comparison needs them. */
export function identityOf(
  account: { sids: readonly string[]; mails: readonly string[] },
  groups: { sids: readonly string[]; mails: readonly string[] },
): Identity {
  const lower = (values: readonly string[]): Set<string> =>
    new Set(values.filter((value) => value !== '').map((value) => value.toLowerCase()))
  return {
    sids: lower([...account.sids, ...groups.sids]),
    mails: lower([...account.mails, ...groups.mails]),
    own: lower([...account.sids, ...account.mails]),
    groups: lower(groups.mails),
  }
}

/**
 * The rights of the use license; none when the account has none. A super user and the author get OWNER and nothing else
 * ([MS-RMPR] 2.2.9.9.6), whatever the policy says.
 */
export function decideRights(
  policy: Policy,
  identity: Identity,
  { superUser, now }: { superUser: boolean; now: Date },
): readonly UlRight[] {
  if (superUser || isOwner(policy.owner, identity)) return [{ right: 'OWNER' }]
  const content = contentRange(policy)
  if (content !== undefined && !isWithin(content, now)) return []
  const own = policy.grants.filter((grant) => names(grant.principal, identity))
  const current = own.filter((grant) => grant.range === undefined || now < grant.range.until)
  const rights = [...new Set(current.map((grant) => grant.right))]
  return rights.map((right) =>
    bounded(
      mostGenerous(
        current.filter((grant) => grant.right === right),
        now,
      ),
      content,
    ),
  )
}

/** Whether the author, as METADATA/OWNER names them, is this account: by SID when there is one, else by mail address. */
function isOwner(owner: RmsObject | undefined, identity: Identity): boolean {
  const named = owner?.id || owner?.name?.trim() || ''
  return identity.own.has(named.toLowerCase())
}

/**
 * The author. METADATA stands in clear in the PL, and the sealed key is tied to the server alone: whoever has a PL could put its sealed key and policy into one of
 * their own, with themselves as author. The policy they cannot change: where it names an author, that one counts, and a clear text that says otherwise counts for nothing.
 * @param inPolicy author in the encrypted rights data; a template names none
 */
export function agreedOwner(inClear: RmsObject | undefined, inPolicy: RmsObject | undefined): RmsObject | undefined {
  if (inPolicy === undefined || inClear === undefined) return inClear ?? inPolicy
  const name = (owner: RmsObject): string => (owner.name ?? '').trim().toLowerCase()
  return name(inClear) === name(inPolicy) && inClear.id.toLowerCase() === inPolicy.id.toLowerCase()
    ? inPolicy
    : undefined
}

/** By SID when there is one, else by mail address; the internal names come in several spellings. */
function names({ idType, id, name }: RightsPrincipal, identity: Identity): boolean {
  if (idType === 'Internal') return id.toLowerCase() === 'anyone'
  const isOurs = (address: string): boolean => identity.mails.has(plainAddress(address).toLowerCase())
  if (id !== '') return identity.sids.has(id.toLowerCase()) || isOurs(id)
  return name !== undefined && isOurs(name)
}

/**
 * Somebody who has a right by several grants gets one of them whole: of those that hold now the one that ends last, else the one that begins first. Mixing their
 * conditions would give more than any of them does.
 */
function mostGenerous(grants: readonly Grant[], now: Date): UlRight {
  const begun = (is: (from: Date) => boolean): readonly Grant[] =>
    grants.filter(({ range }) => range === undefined || is(range.from))
  const already = begun((from) => from <= now)
  // Other clocks are allowed for only where nothing holds by our own.
  const holding = already.length > 0 ? already : begun((from) => hasBegun(from, now))
  const [first, ...others] = holding.length > 0 ? holding : grants
  const better =
    holding.length > 0
      ? (a: Grant, b: Grant) => endOf(a, now) > endOf(b, now)
      : (a: Grant, b: Grant) => beginOf(a) < beginOf(b)
  const { right, range, days } = others.reduce((best, grant) => (better(grant, best) ? grant : best), first as Grant)
  return { right, range, days }
}

function endOf({ range, days }: TimeCondition, now: Date): number {
  const byDays = days === undefined ? Infinity : addSeconds(now, days * secondsPerDay).getTime()
  return Math.min(range?.until.getTime() ?? Infinity, byDays)
}

function beginOf({ range }: TimeCondition): number {
  return range?.from.getTime() ?? -Infinity
}

/** A precondition bounds every right: content that expires takes its rights with it. */
function bounded(right: UlRight, content: TimeRange | undefined): UlRight {
  if (content === undefined) return right
  const range = right.range
  if (range === undefined) return { ...right, range: content }
  const from = range.from > content.from ? range.from : content.from
  const until = range.until < content.until ? range.until : content.until
  return { ...right, range: { from, until } }
}

/** When the content can be used at all; undefined when there is no bound. */
export function contentRange({
  precondition,
  issuedTime,
}: Pick<Policy, 'precondition' | 'issuedTime'>): TimeRange | undefined {
  const byDays =
    precondition.days === undefined
      ? undefined
      : { from: beginningAt(issuedTime), until: addSeconds(issuedTime, precondition.days * secondsPerDay) }
  const { range } = precondition
  if (range === undefined || byDays === undefined) return range ?? byDays
  return { from: range.from, until: range.until < byDays.until ? range.until : byDays.until }
}
