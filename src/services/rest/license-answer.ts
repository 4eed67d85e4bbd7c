/** The answer of EndUserLicenses: granted or denied (rest-mde 7). */
import type { SymmetricKey } from '../../crypto/content-key.js'
import { contentRange, type Policy } from '../../policy/rights.js'
import type { Pl } from '../../xrml/pl.js'
import type { Grant } from '../../xrml/rights.js'
import type { RightsData } from '../../xrml/rights-data.js'
import { addSeconds, isWithin, secondsPerDay } from '../../xrml/times.js'
import type { UlRight } from '../../xrml/ul.js'
import type { GoodPl } from '../licensing/publishing-license.js'
import { keyMember } from './key.js'
import type { RestCall } from './operation.js'
import { applicationData, descriptorsOf, isSwitchedOn, noAuditedExtraction, noCache, plFacts } from './pl-facts.js'

export interface Granted {
  readonly contentKey: SymmetricKey
  readonly rights: readonly UlRight[]
  readonly policy: Policy
  readonly policySource: RightsData
  readonly mail: string
}

type Known = Pick<RestCall, 'now' | 'languages' | 'account'> & { readonly good: GoodPl }

export function holdsAt({ range }: UlRight, now: Date): boolean {
  return range === undefined || isWithin(range, now)
}

/** Rights that hold now; JSON has no place for those that begin later, nor for an end of each: the earliest one counts for all. */
export function grantedLicense(known: Known, granted: Granted): object {
  const { now, good } = known
  const { policy, policySource, contentKey } = granted
  const holding = granted.rights.filter((right) => holdsAt(right, now))
  const data = policySource.applicationData
  return {
    ...common(known),
    AccessStatus: 'AccessGranted',
    Key: keyMember(contentKey),
    Rights: holding.map(({ right }) => right),
    ContentValidUntil: timeText(earliest([good.pl.validity?.until, contentRange(policy)?.until])),
    LicenseValidUntil: timeText(earliest([good.pl.validity?.until, ...holding.map((right) => endOf(right, now))])),
    FromTemplate: policySource.official,
    allowOfflineAccess: !isSwitchedOn(data, noCache),
    Policy:
      holding.some(({ right }) => right === 'OWNER') && !policySource.official
        ? policyMember(policySource, good.pl, now)
        : null,
    EncryptedApplicationData: applicationData(data),
  }
}

/** Who the owner is and whom to ask stands in clear in the license: a client shows it. */
export function deniedLicense(known: Known, status: 'AccessDenied' | 'ContentExpired'): object {
  return {
    ...common(known),
    AccessStatus: status,
    Key: null,
    Rights: [],
    ContentValidUntil: timeText(known.good.pl.validity?.until),
    LicenseValidUntil: null,
    FromTemplate: false,
    allowOfflineAccess: false,
    Policy: null,
    EncryptedApplicationData: null,
  }
}

function common({ good: { pl }, languages, account }: Known): object {
  return {
    ...plFacts(pl, languages),
    Owner: pl.owner?.name?.trim() || null,
    IssuedTo: account.mail ?? null,
    Roles: [],
    SignedApplicationData: applicationData(pl.otherData),
  }
}

/**
 * For the owner, who may publish the content again: as it is here, it is a policy of a publishing request, and means the same there. JSON has one end for
 * all, so that the earliest one of those to come counts.
 */
function policyMember(
  { grants, precondition, document, applicationData: data }: RightsData,
  pl: Pl,
  now: Date,
): object {
  const current = grants.filter(({ range }) => range === undefined || now < range.until)
  const days = Math.min(...current.map((grant) => grant.days ?? Infinity))
  const offline = !isSwitchedOn(data, noCache)
  const issuedTime = document.body.issuedTime ?? now
  const ends = [pl.validity, contentRange({ precondition, issuedTime }), ...current.map(({ range }) => range)]
  return {
    Descriptors: descriptorsOf(pl),
    UserRights: userRights(current),
    EncryptedApplicationData: applicationData(data),
    LicenseValidUntil: timeText(earliest(ends.map((range) => range?.until))),
    allowOfflineAccess: offline,
    IntervalTimeInDays: !offline ? 0 : Number.isFinite(days) ? days : defaultDays,
    AllowAuditedExtraction: !isSwitchedOn(data, noAuditedExtraction),
  }
}

/** What clients write themselves beside offline access without a bound. */
const defaultDays = 30

/** Users with the same rights stand together; the author's own right goes without saying. */
function userRights(grants: readonly Grant[]): readonly object[] {
  const byUser = new Map<string, string[]>()
  for (const { right, principal } of grants) {
    const user = principal.name ?? principal.id
    if (principal.idType === 'Internal' && user.toLowerCase() === 'owner') continue
    byUser.set(user, [...new Set([...(byUser.get(user) ?? []), right])])
  }
  const byRights = new Map<string, { Users: string[]; Rights: readonly string[] }>()
  for (const [user, rights] of byUser) {
    const key = JSON.stringify(rights.toSorted())
    const known = byRights.get(key) ?? { Users: [], Rights: rights }
    known.Users.push(user)
    byRights.set(key, known)
  }
  return [...byRights.values()]
}

function endOf({ range, days }: UlRight, now: Date): Date | undefined {
  return earliest([range?.until, days === undefined ? undefined : addSeconds(now, days * secondsPerDay)])
}

function earliest(times: readonly (Date | undefined)[]): Date | undefined {
  const found = times.flatMap((time) => (time === undefined ? [] : [time.getTime()]))
  return found.length === 0 ? undefined : new Date(Math.min(...found))
}

/** Without parts of seconds, which older clients cannot read. */
function timeText(time: Date | undefined): string | null {
  return time === undefined ? null : `${time.toISOString().slice(0, 19)}Z`
}
