/**
 * EndUserLicenses: what the user may do with protected content, and its key (rest-mde 7). The user's account key is the server's to hold: the same
 * checks, the same policy and the same use license as over SOAP, opened here instead of by a client.
 */
import { readKeyBlob } from '../../crypto/content-key.js'
import { refuse, RmsException, type ExceptionKey } from '../../exceptions.js'
import { refuseRest } from '../../rest-exceptions.js'
import { contentRange, decideRights, type Policy } from '../../policy/rights.js'
import type { Principal } from '../../xrml/body.js'
import type { RightsData } from '../../xrml/rights-data.js'
import { formatTime, hasBegun } from '../../xrml/times.js'
import type { UlRight } from '../../xrml/ul.js'
import { withForeignGroups } from '../licensing/foreign-groups.js'
import { findLicensee } from '../licensing/licensee.js'
import { currentPolicy, identityOfAccount, issueLicense, requireRights } from '../licensing/issue-license.js'
import { noteIssued } from '../licensing/items.js'
import {
  licensingExceptions,
  openPl,
  requireGoodPl,
  requirePlValidity,
  type GoodPl,
} from '../licensing/publishing-license.js'
import type { OpenedPl } from '../licensing/pl-reader.js'
import { holdsNow, notExcluded } from '../refusal-facts.js'
import { requireInService } from '../standing.js'
import { walk } from '../steps.js'
import { restPaths } from './addresses.js'
import { requireAdmittedClient } from './admission.js'
import { deniedLicense, grantedLicense, holdsAt, type Granted } from './license-answer.js'
import { restOperation, watchOf, type RestAnswer, type RestCall, type RestOperation } from './operation.js'
import { endUserLicense, licenseRequest } from './schemas.js'
import { readSerializedLicense } from './serialized-license.js'

interface LicenseRequest {
  readonly SerializedPublishingLicense: string
}

type LicenseCall = RestCall<LicenseRequest>
type PlCall = LicenseCall & { readonly good: GoodPl }

/** The table of the license itself: what it refuses may be a denial, which is an answer of its own. */
const licenseSteps = walk<PlCall>()
  .step('account', findAccount)
  .step('open PL', ({ good }) => openPl(good))
  .step('decide rights', decide)
  .step('times', requireTimes)
  .step('build and sign', build)

const operation = restOperation<LicenseRequest>(
  {
    name: 'EndUserLicenses',
    method: 'POST',
    path: restPaths.EndUserLicenses,
    about: 'Gives the rights of the user to protected content, and its key.',
    guardedAs: '/licensing/license.asmx',
    schema: { body: licenseRequest, answer: endUserLicense },
  },
  walk<LicenseCall>()
    .step('application', requireAdmittedClient)
    .step('in service', requireInService)
    .step('parse', ({ body }) => ({ chain: readSerializedLicense(body.SerializedPublishingLicense) }))
    .step('verify PL', ({ chain, state }) => ({ good: requireGoodPl(chain, state, licensingExceptions) }))
    .step('license', license),
)

export const endUserLicenses: RestOperation = {
  ...operation,
  steps: operation.steps.flatMap((name) => (name === 'license' ? [...licenseSteps.names, name] : [name])),
}

/** Refusals that are told as an answer with status 200. */
const denials: readonly ExceptionKey[] = [
  'NoRightsForRequestedPrincipal',
  'IssuanceLicenseIsNotWithinValidTimeRange',
  'DrmacIsExcluded',
]

async function license(known: PlCall): Promise<RestAnswer> {
  try {
    return { answer: grantedLicense(known, await licenseSteps.run(known, watchOf(known))) }
  } catch (error) {
    if (!(error instanceof RmsException) || !denials.includes(error.key)) throw error
    const status = error.key === 'IssuanceLicenseIsNotWithinValidTimeRange' ? 'ContentExpired' : 'AccessDenied'
    return { answer: deniedLicense(known, status), denied: error }
  }
}

/**
 * Behind the rights: who has none is told so, and learns no more. Everybody else, the author too, is told of the end ([MS-RMPR] 3.4.4.1 knows nobody
 * to whom it does not apply). What has not begun is no denial: with the right clock, or later, the same request is granted.
 */
function requireTimes({ good, now }: PlCall): void {
  const { validity } = good.pl
  if (validity !== undefined && !hasBegun(validity.from, now)) refuseEarly('the publishing license', validity.from, now)
  requirePlValidity(good.pl, now)
}

function refuseEarly(what: string, from: Date, now: Date): never {
  return refuseRest('NotYetValid', `${what} begins at ${formatTime(from)}, it is ${formatTime(now)}`, {
    rule: `${what} has begun`,
    wanted: `${formatTime(from)} or later`,
    found: formatTime(now),
    about: { kind: 'time', from, until: new Date(8.64e15), now },
  })
}

/** With the key pair that their RAC has, or will have: made when there is none yet; a licensing-only cluster asks the root for it. */
async function findAccount(known: PlCall): Promise<{ principal: Principal; mail: string }> {
  const { account, state, notes } = known
  notes.account = account.mail ?? ''
  const principal = await findLicensee(known, account.sid).catch((error: unknown) => {
    // Over SOAP this is the one error that says nothing; here there is a status for it.
    if (error instanceof RmsException && error.key === 'UnspecifiedError')
      return refuseRest('RootUnavailable', error.why)
    throw error
  })
  const key = principal.publicKey?.modulus ?? ''
  if (state.configuration.racExclusionPolicy?.includes(key) === true)
    refuse('DrmacIsExcluded', `the key of ${account.name} is excluded`, notExcluded(account.name, key))
  return { principal, mail: account.mail ?? '' }
}

async function decide(
  known: PlCall & OpenedPl & { principal: Principal },
): Promise<{ rights: readonly UlRight[]; policy: Policy; policySource: RightsData }> {
  const { good, rightsData, principal, account, state, context, now } = known
  const { policy, rights: policySource } = currentPolicy(good, rightsData, { state, now })
  const own = await identityOfAccount(principal, state.homeRacIssuer, { state, directory: context.directory })
  const identity = await withForeignGroups(own, policy, principal, known)
  const rights = rightsOrTimes()
  // A use license may begin later; JSON has no place for that.
  const beginnings = rights.flatMap(({ range }) => range?.from ?? [])
  if (!rights.some((right) => holdsAt(right, now)))
    refuseEarly(`what ${account.name} may do`, beginnings.toSorted((a, b) => Number(a) - Number(b))[0] ?? now, now)
  return { policy, policySource, rights }

  /** Who would have rights but for the times of the content is told of those. */
  function rightsOrTimes(): readonly UlRight[] {
    try {
      return requireRights(policy, identity, principal, state, now)
    } catch (error) {
      const content = contentRange(policy)
      const without = decideRights({ ...policy, precondition: {} }, identity, { superUser: false, now })
      if (content === undefined || without.length === 0) throw error
      if (now >= content.until)
        refuse(
          'IssuanceLicenseIsNotWithinValidTimeRange',
          `the content ended at ${formatTime(content.until)}`,
          holdsNow('the content', content, now),
        )
      return refuseEarly('the content', content.from, now)
    }
  }
}

/** The use license that the client would get over SOAP: in the request log, and behind the answer. */
async function build(
  known: PlCall & OpenedPl & { principal: Principal; rights: readonly UlRight[]; policySource: RightsData },
): Promise<Pick<Granted, 'contentKey'>> {
  const { good, keyBlob, rights, policySource, principal, state, context, now, notes } = known
  const { ul, guid } = await issueLicense(
    { good, open: { keyBlob }, rights, policySource, account: principal },
    { state, random: context.random, now },
  )
  noteIssued(notes, guid, ul)
  notes.metadata.content = good.pl.contentId?.id ?? ''
  return { contentKey: readKeyBlob(keyBlob) }
}
