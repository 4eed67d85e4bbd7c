/** Rights policy templates as administrators speak of them, to and from signed XrML ([MS-RMPR] 2.2.9.10). */
import { isTime } from '../calendar-day.js'
import { editDistance } from '../config/nearest.js'
import type { ServerState } from '../cluster/server-state.js'
import type { Store } from '../cluster/store/open.js'
import type { StoredTemplate, TemplateState } from '../cluster/store/template-store.js'
import { newGuid, type Random } from '../effects.js'
import { licensingUrl } from '../services/standing.js'
import { readRightsData, type RightsData } from '../xrml/rights-data.js'
import {
  anyonePrincipal,
  knownRights,
  mailPrincipal,
  rightNamed,
  type Grant,
  type RightsPrincipal,
  type TimeCondition,
} from '../xrml/rights.js'
import { buildTemplate, canBeTold, readDescriptorName, type TemplateText } from '../xrml/template.js'
import { addSeconds, toMinute } from '../xrml/times.js'
import { reading } from './licensor-chain.js'
import { problem } from './problem.js'

export interface TemplateBody {
  readonly texts: readonly TemplateText[]
  readonly grants: readonly { readonly to: string; readonly rights: readonly string[] }[]
  /** ISO 8601. */
  readonly expiresOn?: string | null
  readonly expiresAfterDays?: number | null
  readonly useLicenseDays?: number | null
  readonly referral?: string | null
  readonly applicationData: readonly { readonly name: string; readonly value: string }[]
}

const anyone = 'ANYONE'
/** What a configuration takes, and far more than a client would. */
const longestTemplate = 1_000_000

/** One that the cluster has not: chance that is repeated may draw what it drew before a snapshot was taken. */
export async function newTemplateGuid(
  { templates }: Pick<Store, 'templates'>,
  cluster: string,
  random: Random,
): Promise<string> {
  for (;;) {
    const guid = newGuid(random)
    if ((await templates.find(cluster, guid)) === undefined) return guid
  }
}

/**
 * Signs a template with the key of its cluster.
 * @param past whether content may have expired already, as that of a template which was made long ago
 * @returns the XrML document, read back once: what a node could not read would stop it from following its configuration
 * @throws Problem 400
 */
export async function signTemplate(
  body: TemplateBody,
  guid: string,
  state: ServerState,
  now: Date,
  past: 'refused' | 'taken' = 'refused',
): Promise<string> {
  const { own, rules } = state
  requireTemplateForm(body)
  const signed = await buildTemplate(
    {
      guid,
      issuedTime: toMinute(now),
      texts: body.texts,
      issuer: own.principal,
      licensingUrl: licensingUrl(state),
      referralAddress: body.referral ?? undefined,
      grants: grantsOf(body),
      precondition: preconditionOf(body, state, { now, past }),
      applicationData: body.applicationData,
    },
    own.signer,
    rules.hash,
  )
  if (signed.length > longestTemplate)
    problem(
      400,
      `The template has ${signed.length} characters, at most ${longestTemplate} are taken: give fewer rights or shorter texts`,
    )
  reading('The template', () => readRightsData(signed))
  return signed
}

/**
 * What does not depend on the cluster or the time.
 * @throws Problem 400
 */
export function requireTemplateForm({
  texts,
  expiresOn,
  expiresAfterDays,
}: Omit<TemplateBody, 'applicationData'>): void {
  requireTexts(texts)
  if (typeof expiresOn !== 'string') return
  if (typeof expiresAfterDays === 'number')
    problem(400, 'Content expires on a date or some days after publishing, not both')
  if (!isTime(expiresOn)) problem(400, `expiresOn is no date: ${expiresOn}`)
}

/** Names stand in one text with marks between them: what could not be told apart again is refused. */
function requireTexts(texts: readonly TemplateText[]): void {
  const twice = texts.find(({ lcid }, index) => texts.findIndex((other) => other.lcid === lcid) !== index)
  if (twice !== undefined) problem(400, `There are two texts for the language ${twice.lcid}: give one`)
  if (!canBeTold(texts)) {
    problem(
      400,
      'A name or description has a mark that separates names (":DESCRIPTION ", "; LCID") or ends in ";": write it otherwise',
    )
  }
}

/** The renewal of use licenses is a condition of each right. @throws Problem 400 */
function grantsOf({ grants, useLicenseDays }: TemplateBody): readonly Grant[] {
  return grants.flatMap(({ to, rights }) => {
    const principal = to.toUpperCase() === anyone ? anyonePrincipal : mailPrincipal(to)
    const names = new Set(rights.map(requireMeant))
    return [...names].map((right) => ({ right, principal, days: useLicenseDays ?? undefined }))
  })
}

/** Applications have rights of their own, but none that is a known one mistyped. */
function requireMeant(named: string): string {
  const right = rightNamed(named)
  const meant = knownRights.find((known) => known !== right && editDistance(right, known) === 1)
  if (meant !== undefined && !knownRights.includes(right))
    problem(
      400,
      `There is no right "${named}": did you mean ${meant}? A right of an application of your own needs a name that is less like it`,
    )
  return right
}

function preconditionOf(
  { expiresOn, expiresAfterDays }: TemplateBody,
  { configuration }: ServerState,
  { now, past }: { readonly now: Date; readonly past: 'refused' | 'taken' },
): TimeCondition {
  if (typeof expiresOn !== 'string') return { days: expiresAfterDays ?? undefined }
  const until = toMinute(new Date(expiresOn))
  const isPast = until <= toMinute(now)
  if (isPast && past === 'refused') problem(400, `expiresOn ${expiresOn} has passed: give a later date`)
  // Nodes whose clock is a little behind honor the template at once.
  const start = isPast ? until : now
  return { range: { from: toMinute(addSeconds(start, -configuration.certificateValidityTimeToleranceSeconds)), until } }
}

export interface TemplateDescription extends TemplateBody {
  readonly guid: string
  readonly state: TemplateState
  /** ISO 8601. */
  readonly changed: string
}

/** The inverse of signTemplate. */
export function describeTemplate({ guid, state, changed, signedXrml }: StoredTemplate): TemplateDescription {
  const rights = readRightsData(signedXrml)
  const { descriptor, distributionPoints } = rights.document.body
  return {
    guid,
    state,
    changed,
    texts: readDescriptorName(descriptor?.name ?? ''),
    grants: grantsIn(rights),
    expiresOn: rights.precondition.range?.until.toISOString() ?? null,
    expiresAfterDays: rights.precondition.days ?? null,
    useLicenseDays: rights.grants.find((grant) => grant.days !== undefined)?.days ?? null,
    referral: distributionPoints.find((point) => point.type === 'Referral-Info')?.addresses[0]?.value ?? null,
    applicationData: rights.applicationData.map(({ name = '', value }) => ({ name, value })),
  }
}

/** The author's OWNER, which every template has, is left out. */
function grantsIn({ grants }: RightsData): TemplateBody['grants'] {
  const byPrincipal = new Map<string, string[]>()
  for (const { right, principal } of grants) {
    const to = nameOf(principal)
    if (to !== undefined) byPrincipal.set(to, [...(byPrincipal.get(to) ?? []), right])
  }
  return [...byPrincipal].map(([to, rights]) => ({ to, rights }))
}

function nameOf({ idType, id, name }: RightsPrincipal): string | undefined {
  if (idType !== 'Internal') return name ?? id
  return id.toUpperCase() === anyone ? anyone : undefined
}

/**
 * In place of one with the same GUID.
 * @returns as it is stored now
 * @throws Problem 404
 */
export async function saveTemplate(
  store: Store,
  cluster: string,
  template: Omit<StoredTemplate, 'changed'>,
  now: Date,
): Promise<StoredTemplate> {
  const changed = { ...template, changed: now.toISOString() }
  if (!(await store.templates.save(cluster, changed))) problem(404, `The cluster "${cluster}" was removed meanwhile`)
  return changed
}
