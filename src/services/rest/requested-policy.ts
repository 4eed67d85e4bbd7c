/** The policy that a publishing request asks for, as the client library writes policies (rest-mde 6). */
import type { RightsEntry, RightsPolicy } from '../../client/rights-policy.js'
import type { ServerState } from '../../cluster/server-state.js'
import { isTime } from '../../calendar-day.js'
import { refuseRest } from '../../rest-exceptions.js'
import { rightNamed } from '../../xrml/rights.js'
import { publishedTemplates } from '../templates/acquire-template-information.js'
import { languageId } from './languages.js'
import { noAuditedExtraction, noCache } from './pl-facts.js'

type Pairs = Readonly<Record<string, string>>

/** As `publishRequest` in schemas.ts has it. */
export interface PublishRequest {
  readonly TemplateId?: string | null
  readonly PreferDeprecatedAlgorithms?: boolean | null
  readonly AllowAuditedExtraction?: boolean | null
  readonly ReferralInfo?: string | null
  readonly SignedApplicationData?: Pairs | null
  readonly Policy?: CustomPolicy | null
}

interface CustomPolicy {
  readonly Descriptors?:
    | readonly { readonly Name: string; readonly Description?: string | null; readonly Language?: string | null }[]
    | null
  readonly UserRights?: readonly { readonly Users: readonly string[]; readonly Rights: readonly string[] }[] | null
  readonly UserRoles?: readonly { readonly Users: readonly string[]; readonly Roles: readonly string[] }[] | null
  readonly EncryptedApplicationData?: Pairs | null
  readonly IntervalTimeInDays?: number | null
  readonly LicenseValidUntil?: string | null
  readonly allowOfflineAccess?: boolean | null
  readonly AllowAuditedExtraction?: boolean | null
}

/**
 * Roles are rights that go together. What is in each is a lab's choice, after the permission levels that Office shows; the protocol only has the
 * names.
 */
const rightsOfRole: ReadonlyMap<string, readonly string[]> = new Map([
  ['VIEWER', ['VIEW']],
  ['REVIEWER', ['VIEW', 'EDIT', 'COMMENT', 'REPLY', 'REPLYALL', 'FORWARD']],
  ['AUTHOR', ['VIEW', 'EDIT', 'COMMENT', 'EXTRACT', 'PRINT', 'REPLY', 'REPLYALL', 'FORWARD']],
  ['COOWNER', ['OWNER']],
])

/** @throws RestException */
export function requestedPolicy(request: PublishRequest, state: ServerState): RightsPolicy {
  const { TemplateId: templateId, Policy: policy } = request
  if (templateId && policy) return refuseRest('BadInput', 'both TemplateId and Policy are given')
  if (templateId) return { template: templateText(templateId, state) }
  if (!policy) return refuseRest('BadInput', 'neither TemplateId nor Policy is given')
  const { Descriptors: descriptors, LicenseValidUntil: validUntil } = policy
  return {
    rights: entriesOf(policy),
    anyRight: true,
    ...(validUntil ? { validUntil: timeOf(validUntil) } : {}),
    ...(request.ReferralInfo ? { referral: request.ReferralInfo } : {}),
    texts: (descriptors ?? []).map(({ Name, Description, Language }) => ({
      lcid: languageId(Language ?? ''),
      name: Name,
      description: Description ?? '',
    })),
    applicationData: [...pairsOf(policy.EncryptedApplicationData), ...switchesOf(request, policy)],
  }
}

export function pairsOf(pairs: Pairs | null | undefined): readonly { readonly name: string; readonly value: string }[] {
  return Object.entries(pairs ?? {}).map(([name, value]) => ({ name, value }))
}

function templateText(templateId: string, state: ServerState): string {
  const plain = (guid: string): string =>
    guid
      .trim()
      .replace(/^\{|\}$/g, '')
      .toLowerCase()
  const found = publishedTemplates(state).find(({ guid }) => plain(guid) === plain(templateId))
  return (
    found?.text ??
    refuseRest('BadInput', `there is no published template ${templateId}`, {
      rule: 'the template is published at this cluster',
      wanted: templateId,
      found: 'no published template of this GUID',
      about: { kind: 'template', guid: templateId },
    })
  )
}

/** Users times rights: a short request must not become a huge policy. */
const mostGrants = 10_000

function entriesOf(policy: CustomPolicy): readonly RightsEntry[] {
  const { UserRights: byRights, UserRoles: byRoles, IntervalTimeInDays: interval } = policy
  if (byRights?.length && byRoles?.length) return refuseRest('BadInput', 'both UserRights and UserRoles are given')
  // Beside a switched-off offline access the number means nothing.
  const bounded = isOffline(policy) && typeof interval === 'number' && interval > 0 ? { days: interval } : {}
  const granted = [
    ...(byRights ?? []).map(({ Users, Rights }) => ({ users: Users, rights: Rights })),
    ...(byRoles ?? []).map(({ Users, Roles }) => ({ users: Users, rights: [...new Set(Roles.flatMap(roleRights))] })),
  ]
  // An empty list is one: the content is for its author alone.
  if (!byRights && !byRoles) return refuseRest('BadInput', 'Policy has neither UserRights nor UserRoles')
  const count = granted.reduce((sum, { users, rights }) => sum + users.length * rights.length, 0)
  if (count > mostGrants)
    return refuseRest('BadInput', `${count} rights of users are too many, ${mostGrants} can be given`)
  return granted.flatMap(({ users, rights }) =>
    users.map((to) => ({ to: to.trim(), rights: rights.map(rightNamed), ...bounded })),
  )
}

/**
 * The flag decides. Without it the number does, as the open client reads it in answers: what is not above 0 is no offline access. So 0 or -1 beside
 * `true` is offline access without a bound.
 */
function isOffline({ allowOfflineAccess: flag, IntervalTimeInDays: interval }: CustomPolicy): boolean {
  return flag ?? !(typeof interval === 'number' && interval <= 0)
}

function roleRights(role: string): readonly string[] {
  return (
    rightsOfRole.get(role.trim().toUpperCase()) ??
    refuseRest('BadInput', `there is no role "${role}": ${[...rightsOfRole.keys()].join(', ')}`, {
      rule: 'the role is one of those that there are',
      wanted: [...rightsOfRole.keys()].join(', '),
      found: role.slice(0, 100),
      about: { kind: 'word', asked: role.slice(0, 100), known: [...rightsOfRole.keys()] },
    })
  )
}

function switchesOf(
  request: PublishRequest,
  policy: CustomPolicy,
): readonly { readonly name: string; readonly value: string }[] {
  return [
    ...(!isOffline(policy) ? [{ name: noCache, value: '1' }] : []),
    ...([request, policy].some((part) => part.AllowAuditedExtraction === false)
      ? [{ name: noAuditedExtraction, value: '1' }]
      : []),
  ]
}

/** ISO 8601; a missing zone is UTC. */
function timeOf(text: string): Date {
  const match = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?$/i.exec(text.trim())
  const inUtc = match?.[3] === undefined ? `${text.trim()}Z` : text.trim()
  if (match === null || !isTime(inUtc))
    return refuseRest('BadInput', `LicenseValidUntil is "${text}", which is no time of ISO 8601`)
  return new Date(inUtc)
}
