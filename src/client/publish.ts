/** Publishing offline: a publishing license signed with the CLC, without asking a server ([MS-RMPR] 2.2.9.7, 3.8). */
import { writeKeyBlob, type CipherMode, type SymmetricKey } from '../crypto/content-key.js'
import { publicKeyFromModulus } from '../crypto/keys.js'
import { seal } from '../crypto/seal.js'
import { newGuid } from '../effects.js'
import { issueRange } from '../xrml/chain.js'
import { readOneDocument, type XrmlDocument } from '../xrml/document.js'
import { formatTime, isWithin } from '../xrml/times.js'
import type { RmsObject } from '../xrml/body.js'
import { buildClientPl } from '../xrml/pl.js'
import { buildOwnerUl, ownerIssuerText, readUl } from '../xrml/ul.js'
import type { Account } from './account.js'
import type { ClientContext } from './context.js'
import type { License } from './license.js'
import { modeOfKey } from './machine.js'
import { prepareContent, type PreparedContent } from './prepare-content.js'
import type { Publisher } from './publisher.js'
import type { RightsPolicy } from './rights-policy.js'

/** Published content: license and key. */
export interface Published {
  /** PL and CLC when published offline; the PL alone when a server signed it. Leaf first, as a file stores it. */
  readonly pl: readonly XrmlDocument[]
  /** The same as text. */
  readonly text: string
  readonly contentId: string
  /** What the content is to be encrypted with. */
  readonly contentKey: SymmetricKey
}

/** Published content that its author can read at once. */
export interface PublishedOffline extends Published {
  /** The author's own license, so that no server is needed to read the content again. */
  readonly ownerLicense: License
}

/** How content is published. */
export interface PublishOptions {
  /** CBC4K unless told. */
  readonly cipherMode?: CipherMode | undefined
}

/** The SDK security level in the ISSUER of the PL. */
const sdkVersion = '6.1.7600.16385'

/** @throws VerificationFailed for a template of another server, RangeError for rights that cannot be written */
export async function publish(
  context: ClientContext,
  account: Account,
  publisher: Publisher,
  policy: RightsPolicy,
  { cipherMode }: PublishOptions = {},
): Promise<PublishedOffline> {
  const { clc, chain, signer } = publisher
  requireTimeToIssue(clc.document, context.clock.now())
  const owner = ownerOf(account)
  const prepared = prepareContent(context, { owner, server: clc.issuer, slcChain: chain.slice(1), policy, cipherMode })
  const rules = modeOfKey(signer.publicKey)
  const fields = { ...prepared.fields, licensingUrl: clc.licensingUrl, extranetLicensingUrl: clc.extranetLicensingUrl }
  const pl = [readOneDocument(await buildClientPl(fields, clc.account, sdkVersion, signer, rules)), clc.document]
  return {
    pl,
    text: textOf(pl),
    contentId: prepared.contentId,
    contentKey: prepared.contentKey,
    ownerLicense: await ownerLicense(context, account, publisher, prepared),
  }
}

/** What is signed outside of the CLC's time nobody accepts, and it would only be seen when somebody opens it. */
function requireTimeToIssue(clc: XrmlDocument, now: Date): void {
  const range = issueRange(clc)
  if (range === undefined || isWithin(range, now)) return
  throw new RangeError(
    `The clock of this client says ${formatTime(now)}, its licensor certificate may publish from ${formatTime(range.from)} to ${formatTime(range.until)}: correct the clock, or certify again`,
  )
}

async function ownerLicense(
  { clock, random }: ClientContext,
  account: Account,
  publisher: Publisher,
  prepared: PreparedContent,
): Promise<License> {
  const { clc, chain, signer } = publisher
  const rules = modeOfKey(signer.publicKey)
  const recipient = publicKeyFromModulus(account.rac.account.publicKey?.modulus ?? '')
  const fields = {
    guid: newGuid(random),
    issuedTime: clock.now(),
    clc: clc.account,
    account: account.rac.account,
    contentKey: seal(rules, recipient, writeKeyBlob(prepared.contentKey), ownerIssuerText(clc.account), random),
    referralInfo: prepared.fields.referralInfo,
    work: prepared.fields.work.flatMap((part) => part ?? []),
  }
  const document = readOneDocument(await buildOwnerUl(fields, signer, rules.hash))
  return { ul: readUl(document), chain: [document, ...chain] }
}

/** The author, as METADATA names it. */
export function ownerOf({ rac, mail }: Account): RmsObject {
  if (rac.account.object === undefined || mail === '') {
    throw new RangeError('The RAC names no mail address: its holder cannot be the owner of content')
  }
  return rac.account.object
}

/** A chain as files store it: one document after the other. */
export function textOf(chain: readonly XrmlDocument[]): string {
  return chain.map((document) => document.text).join('')
}
