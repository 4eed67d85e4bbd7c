/** From an open PL and an account's certificate to a use license ([MS-RMPR] 3.4.4.1): what AcquireLicense and AcquirePreLicense share. */
import type { ServerState, ServerTemplate } from '../../cluster/server-state.js'
import { publicKeyFromModulus } from '../../crypto/keys.js'
import { seal } from '../../crypto/seal.js'
import { allAddresses } from '../../directory/addresses.js'
import type { Account, Directory } from '../../directory/directory.js'
import { newGuid, type Random } from '../../effects.js'
import { refuse } from '../../exceptions.js'
import { agreedOwner, decideRights, identityOf, type Identity, type Policy } from '../../policy/rights.js'
import { asMarkup, type Markup } from '../../xml/write.js'
import type { Principal, RmsObject } from '../../xrml/body.js'
import { issued, sealedTo } from '../../xrml/issuing.js'
import { verbatim, type Pl } from '../../xrml/pl.js'
import type { RightsData } from '../../xrml/rights-data.js'
import { toMinute } from '../../xrml/times.js'
import { buildUl, osExclusionCondition, policyListElements, ulIssuerText, type UlRight } from '../../xrml/ul.js'
import { rightsFacts } from '../refusal-facts.js'
import type { GoodPl, OpenPl } from './publishing-license.js'

/**
 * The policy that counts: the server's current copy of a template, not the one in the PL, so that edits act on old content.
 * @throws RmsException InvalidOfficialRightsTemplate
 */
export function currentPolicy(
  { pl, licensor }: GoodPl,
  rightsData: RightsData,
  { state, now }: { state: ServerState; now: Date },
): { policy: Policy; rights: RightsData } {
  const rights = currentTemplate(licensor.templates, rightsData, state)?.rights ?? rightsData
  const policy = {
    grants: rights.grants,
    precondition: rights.precondition,
    owner: agreedOwner(pl.owner, rightsData.owner),
    issuedTime: publishedTime(pl, rightsData) ?? now,
    ...(rights === rightsData ? {} : { replaced: rightsData.grants }),
  }
  return { policy, rights }
}

/** Expiry counts from here. Rights data of the author's own has a time of its own: the earlier counts, so that a new PL around old content wins no time. */
function publishedTime(pl: Pl, { official, document }: RightsData): Date | undefined {
  const inside = official ? undefined : document.body.issuedTime
  if (inside === undefined || pl.issuedTime === undefined) return pl.issuedTime ?? inside
  return inside < pl.issuedTime ? inside : pl.issuedTime
}

/** All that the account can be named by: its SID and addresses, and those of the groups it is in, at any depth. */
export async function identityOfAccount(
  principal: Principal,
  issuer: string | undefined,
  { state, directory }: { state: ServerState; directory: Directory },
): Promise<Identity> {
  const { object } = principal
  // A trusted user domain may call its users what it likes: only our own root's certificates name accounts of our directory.
  const account = issuer === state.homeRacIssuer ? await accountOf(object, directory) : undefined
  const groups = account === undefined ? [] : await directory.memberships(account.sid)
  const certified = {
    sids: object?.idType === 'Windows' ? [object.id] : [],
    mails: [object?.name ?? '', ...aliasesOf(object)],
  }
  const known = account === undefined ? { sids: [], mails: [] } : namesOf(account)
  return identityOf(
    { sids: [...certified.sids, ...known.sids], mails: [...certified.mails, ...known.mails] },
    { sids: groups.map((group) => group.sid), mails: groups.flatMap(allAddresses) },
  )
}

/** By SID first, by mail address when the certificate has none that the directory knows. */
async function accountOf(object: RmsObject | undefined, directory: Directory): Promise<Account | undefined> {
  const bySid = object?.idType === 'Windows' ? await directory.accountBySid(object.id) : undefined
  return bySid ?? (await directory.accountByMail(object?.name ?? ''))
}

function aliasesOf(object: RmsObject | undefined): readonly string[] {
  return object?.addresses.map((address) => address.value) ?? []
}

function namesOf(account: Account): { readonly sids: readonly string[]; readonly mails: readonly string[] } {
  return { sids: [account.sid, ...account.sidHistory], mails: allAddresses(account) }
}

/** @throws RmsException NoRightsForRequestedPrincipal */
export function requireRights(
  policy: Policy,
  identity: Identity,
  account: Principal,
  state: ServerState,
  now: Date,
): readonly UlRight[] {
  const { superUserEnabled, superUserGroup } = state.configuration
  const superUser = superUserEnabled && superUserGroup !== null && identity.groups.has(superUserGroup.toLowerCase())
  const rights = decideRights(policy, identity, { superUser, now })
  if (rights.length > 0) return rights
  const named =
    [...new Set(policy.grants.map(({ principal }) => principal.name ?? principal.id))].join(', ') || 'nobody'
  return refuse(
    'NoRightsForRequestedPrincipal',
    `${account.object?.name ?? account.object?.id} has no rights; the policy names ${named.slice(0, 500)}`,
    rightsFacts(policy, identity, account.object, now),
  )
}

export interface LicenseParts {
  readonly good: GoodPl
  readonly open: Pick<OpenPl, 'keyBlob'>
  readonly rights: readonly UlRight[]
  /** Policy lists, application data and conditions come from here. */
  readonly policySource: RightsData
  readonly account: Principal
}

export async function issueLicense(
  parts: LicenseParts,
  { state, random, now }: { state: ServerState; random: Random; now: Date },
): Promise<{ ul: string; guid: string }> {
  const { pl } = parts.good
  const { issuing, rules } = state
  const { principal, signer } = issuing
  const { metadata, referralInfo, contentObject, refresh } = pl.verbatim
  const conditions = refresh || (parts.policySource.refresh ?? '')
  requireCopyable(copiedOf(pl, parts.policySource))
  const accountKey = sealedTo(issuing, publicKeyFromModulus(parts.account.publicKey?.modulus ?? ''))
  const guid = newGuid(random)
  const signing = buildUl(
    {
      guid,
      issuedTime: toMinute(now),
      issuer: principal,
      account: parts.account,
      contentKey: seal(rules, accountKey, parts.open.keyBlob, ulIssuerText(principal), random),
      rights: parts.rights,
      referralInfo: verbatim(referralInfo),
      work: [verbatim(contentObject), verbatim(metadata), verbatim(conditions)],
      rest: restOf(parts.policySource, state),
    },
    signer,
    rules.hash,
  )
  return { ul: await issued(issuing, signing), guid }
}

/** The parts of a PL and its policy that stand in each of its licenses to the letter. */
export function copiedOf(
  { verbatim: { metadata, referralInfo, contentObject, refresh } }: Pl,
  { refresh: inPolicy, applicationData }: RightsData,
): readonly string[] {
  return [
    metadata,
    referralInfo,
    contentObject,
    refresh || (inPolicy ?? ''),
    ...applicationData.map((data) => data.source),
  ]
}

/** APPSPECIFIC data, exclusion of operating systems, and the policy lists, in BODY's order. */
function restOf(source: RightsData, { configuration }: ServerState): readonly Markup[] {
  const applicationData = source.applicationData.map((data) => asMarkup(data.source))
  const osExclusion = configuration.osExclusionEnabled ? [osExclusionCondition(configuration.osExclusionPolicy)] : []
  return [
    ...applicationData,
    ...osExclusion,
    ...policyListElements(source.policyLists, configuration.applicationExclusionPolicy),
  ]
}

/** What is copied into every license of the PL is bounded: a batch multiplies it. A carriage return would not survive a parser, and break our signature. */
const mostCopied = 64 * 1024

export function requireCopyable(copied: readonly string[]): void {
  const length = copied.reduce((sum, text) => sum + text.length, 0)
  if (length > mostCopied)
    refuse(
      'UnspecifiedError',
      `${length} characters of the PL would be copied into the license, at most ${mostCopied} are`,
    )
  if (copied.some((text) => text.includes('\r') || (text.includes('&#') && /&#(?:13|x0*d);/i.test(text))))
    refuse('UnspecifiedError', 'the PL has a carriage return in what is copied into the license')
}

/**
 * The server's copy of the template that the rights data is made from; undefined for rights of the author's own.
 * @throws RmsException InvalidOfficialRightsTemplate for a template that was deleted, where deletedTemplates says so
 */
export function currentTemplate(
  templates: readonly ServerTemplate[],
  { official, templateGuid }: RightsData,
  { configuration }: ServerState,
): ServerTemplate | undefined {
  if (!official) return undefined
  const found = templates.find(({ guid }) => guid.toLowerCase() === templateGuid?.toLowerCase())
  if (found === undefined && configuration.deletedTemplates === 'refuse')
    refuse(
      'InvalidOfficialRightsTemplate',
      `there is no template ${templateGuid ?? 'without a GUID'} here: it was deleted, or is another cluster's. Archive templates whose content is to be used on`,
      {
        rule: 'the template that the rights come from is at this cluster, published or archived',
        wanted: templateGuid ?? 'a template with a GUID',
        found: 'no such template',
        about: { kind: 'template', guid: templateGuid ?? '' },
      },
    )
  return found
}
