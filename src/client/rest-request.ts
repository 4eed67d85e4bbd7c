/** A policy as a publishing request says it (rest-mde 6). */
import { requireRestPolicy, requireRestPublishOptions } from './policy-options.js'
import { requireKnownRights } from './rights-policy.js'
import type { RestPolicy, RestPublishOptions } from './rest-types.js'

export function publishBody(policy: RestPolicy, options: RestPublishOptions): object {
  requireRestPolicy(policy)
  requireRestPublishOptions(options)
  const common = { AllowAuditedExtraction: true, PreferDeprecatedAlgorithms: options.cipherMode === 'ECB' }
  if ('templateId' in policy) return { ...common, TemplateId: policy.templateId }
  if ('roles' in policy)
    return { ...common, Policy: { UserRoles: policy.roles.map(({ to, roles }) => ({ Users: [to], Roles: roles })) } }
  const { rights, name, description, referral, validUntil, applicationData = [] } = policy
  requireKnownRights(policy)
  if (policy.validFrom !== undefined || policy.anyTime === true)
    throw new RangeError('The server dates what is published by REST: validFrom and anyTime cannot be said there')
  const unsayable = rights.find(({ until }) => until !== undefined)
  if (unsayable !== undefined)
    throw new RangeError(
      `Rights of ${unsayable.to} end at a time of their own, which REST cannot say: give validUntil for the content`,
    )
  const days = Math.min(...rights.map((entry) => entry.days ?? Infinity))
  return {
    ...common,
    ...(referral === undefined ? {} : { ReferralInfo: referral }),
    Policy: {
      UserRights: rights.map((entry) => ({ Users: [entry.to], Rights: entry.rights })),
      ...(name === undefined
        ? {}
        : { Descriptors: [{ Name: name, Description: description ?? '', Language: 'en-US' }] }),
      ...(validUntil === undefined ? {} : { LicenseValidUntil: `${validUntil.toISOString().slice(0, 19)}Z` }),
      ...(Number.isFinite(days) ? { IntervalTimeInDays: days } : {}),
      ...(applicationData.length === 0
        ? {}
        : { EncryptedApplicationData: Object.fromEntries(applicationData.map((entry) => [entry.name, entry.value])) }),
    },
  }
}
