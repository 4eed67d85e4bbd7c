/** Opening a use license: the content key, and the rights that hold now ([MS-RMPR] 2.2.9.9). */
import { readKeyBlob, BadKeyBlob, type SymmetricKey } from '../crypto/content-key.js'
import { child, descend } from '../xml/read.js'
import { isSamePrincipal } from '../xrml/body.js'
import type { XrmlDocument } from '../xrml/document.js'
import { readPl } from '../xrml/pl.js'
import { decryptRightsData } from '../xrml/rights-data.js'
import { readTimeCondition } from '../xrml/rights.js'
import { addSeconds, formatTime, hasBegun, secondsPerDay } from '../xrml/times.js'
import type { Ul } from '../xrml/ul.js'
import type { Account } from './account.js'
import type { License } from './license.js'
import { openSeal } from './sealed-private-key.js'
import { readable, VerificationFailed } from './verify.js'

/** One right and when it holds. */
export interface TimedRight {
  readonly right: string
  /** Inclusive; undefined when it has no beginning. */
  readonly from: Date | undefined
  /** Exclusive; undefined when it never ends. */
  readonly until: Date | undefined
}

/** What a license gives at the time it is opened. */
export interface OpenedLicense {
  readonly contentKey: SymmetricKey
  /** Names of the rights that hold now. OWNER stands for all. */
  readonly rights: readonly string[]
  /** All rights of the license with their times. */
  readonly timedRights: readonly TimedRight[]
}

/** The license is good, but no right of it holds at this time. */
export class OutsideValidTime extends Error {
  override readonly name = 'OutsideValidTime'
  readonly rights: readonly TimedRight[]
  constructor(rights: readonly TimedRight[], now: Date) {
    const spans = rights.map(({ right, from, until }) => `${right}${timeOf(' from', from)}${timeOf(' until', until)}`)
    super(
      `No right of the license holds now (${formatTime(now)} UTC): ${spans.join(', ') || 'it has none'}. Acquire a new license.`,
    )
    this.rights = rights
  }
}

function timeOf(word: string, time: Date | undefined): string {
  return time === undefined ? '' : `${word} ${formatTime(time)}`
}

/**
 * @param license verified, see `verifyLicense`
 * @param pl leaf of the PL chain: the key must open its rights data
 * @throws VerificationFailed when it is not this account's or its sealed key is another license's, OutsideValidTime
 */
export async function openLicense(
  { ul }: License,
  account: Account,
  now: Date,
  pl?: XrmlDocument,
): Promise<OpenedLicense> {
  const what = 'UL'
  if (!isSamePrincipal(ul.account, account.rac.account)) {
    throw new VerificationFailed(
      what,
      `it is for "${ul.account.object?.name}", not for "${account.mail}" with this key`,
    )
  }
  const timedRights = timedRightsOf(ul)
  const holding = timedRights.filter(
    ({ from, until }) => (from === undefined || hasBegun(from, now)) && (until === undefined || now < until),
  )
  if (holding.length === 0) throw new OutsideValidTime(timedRights, now)
  const { payload } = await openSeal(account.signer, ul.enablingBits, ul.sealedTo, what)
  const contentKey = readContentKey(payload, what)
  if (pl !== undefined) readable(what, () => decryptRightsData(readPl(pl).encryptedRightsData, contentKey.key))
  return { contentKey, rights: [...new Set(holding.map(({ right }) => right))], timedRights }
}

function readContentKey(payload: Buffer, what: string): SymmetricKey {
  try {
    return readKeyBlob(payload)
  } catch (error) {
    if (error instanceof BadKeyBlob) throw new VerificationFailed(what, error.message, error)
    throw error
  }
}

/** Days are counted from the license's ISSUEDTIME; of a range and days, the earlier end counts. */
function timedRightsOf({ document }: Ul): readonly TimedRight[] {
  const { work, issuedTime } = document.body
  return (descend(work, 'RIGHTSGROUP', 'RIGHTSLIST')?.children ?? []).map((right) => {
    const { range, days } = readTimeCondition(child(right, 'CONDITIONLIST') ?? right)
    const interval =
      days === undefined || issuedTime === undefined ? undefined : addSeconds(issuedTime, days * secondsPerDay)
    const ends = [range?.until, interval].flatMap((end) => (end === undefined ? [] : [end.getTime()]))
    return {
      right: right.name === 'RIGHT' ? (right.attributes.name ?? '') : right.name,
      from: range?.from,
      until: ends.length === 0 ? undefined : new Date(Math.min(...ends)),
    }
  })
}
