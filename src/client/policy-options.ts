/** What a policy may say: callers in JavaScript get no help from types, and an end that is misspelt would be no end. */
import {
  anObject,
  anything,
  anyText,
  flag,
  listOf,
  listOfTexts,
  oneOf,
  OptionRefused,
  requireOptions,
  type OptionCheck,
} from '../config/given-options.js'
import type { PublishOptions } from './publish.js'
import type { RestPolicy, RestPublishOptions } from './rest-types.js'
import type { OwnRights, RightsEntry, RightsPolicy } from './rights-policy.js'
import type { ProtectOptions } from './rms-client.js'

const entry: Readonly<Record<keyof RightsEntry, OptionCheck>> = {
  to: anyText,
  rights: listOfTexts(),
  until: anObject,
  days: anything,
}

const ownRights: Readonly<Record<keyof OwnRights, OptionCheck>> = {
  rights: listOf(entry, ['to', 'rights']),
  anyRight: flag,
  validUntil: anObject,
  validFrom: anObject,
  anyTime: flag,
  referral: anyText,
  name: anyText,
  description: anyText,
  texts: anything,
  applicationData: anything,
}

/** @throws OptionRefused for a member that is unknown or has an impossible value */
export function requirePolicy(policy: RightsPolicy): void {
  if ('template' in policy) requireOptions('the policy', policy, { template: anything })
  else requireOwnRights(policy, 'rights or a template')
}

/** @throws OptionRefused for a member that is unknown or has an impossible value */
export function requireRestPolicy(policy: RestPolicy): void {
  if ('templateId' in policy) requireOptions('the policy', policy, { templateId: anyText })
  else if ('roles' in policy)
    requireOptions('the policy', policy, { roles: listOf({ to: anyText, roles: listOfTexts() }, ['to', 'roles']) })
  else requireOwnRights(policy, 'rights, roles or a templateId')
}

function requireOwnRights(policy: OwnRights, needed: string): void {
  requireOptions('the policy', policy, ownRights)
  const given: Partial<OwnRights> = policy
  if (given.rights === undefined) throw new OptionRefused(`the policy needs ${needed}`)
}

/** @throws OptionRefused */
export function requireProtectOptions(options: ProtectOptions): void {
  requireOptions('protecting', options, { online: flag })
}

/** @throws OptionRefused */
export function requirePublishOptions(options: PublishOptions): void {
  requireOptions('publishing', options, { cipherMode: oneOf('ECB', 'CBC4K', 'CBC4K.NOPADDING', 'CBC512.NOPADDING') })
}

/** @throws OptionRefused */
export function requireRestPublishOptions(options: RestPublishOptions): void {
  requireOptions('publishing', options, { cipherMode: oneOf('ECB', 'CBC4K') })
}
