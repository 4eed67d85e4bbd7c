/** The ways in which a document of a good answer can be bad, so that exactly one check fails, and which answers can have them. */
import type { OperationName } from '../../exceptions.js'

export const documentFaults = [
  'wrong-digest',
  'wrong-signature',
  'expired',
  'not-yet-valid',
  'other-root',
  'missing-issuer',
  'wrong-order',
  'other-account',
] as const

export type DocumentFault = (typeof documentFaults)[number]

/** A certificate or license that is made for the answer. */
const issuing: readonly OperationName[] = [
  'Certify',
  'Precertify',
  'GetClientLicensorCert',
  'AcquireLicense',
  'AcquirePreLicense',
  'AcquireIssuanceLicense',
  'EditIssuanceLicense',
]

/** The chain of the server is in the answer, too. */
const withChain: readonly OperationName[] = [
  'Certify',
  'GetClientLicensorCert',
  'AcquireLicense',
  'AcquirePreLicense',
  'AcquireIssuanceLicense',
]

/** A key in it is sealed: to the account, the machine or the server that is to open it. */
const sealing: readonly OperationName[] = [
  'Certify',
  'GetClientLicensorCert',
  'AcquireLicense',
  'AcquirePreLicense',
  'AcquireIssuanceLicense',
  'EditIssuanceLicense',
]

const affected: Readonly<Record<DocumentFault, readonly OperationName[]>> = {
  'wrong-digest': issuing,
  'wrong-signature': issuing,
  expired: issuing,
  'not-yet-valid': issuing,
  'other-root': withChain,
  'missing-issuer': withChain,
  'wrong-order': withChain,
  'other-account': sealing,
}

/** Operations whose answer can be bad in this way. */
export function operationsWith(fault: DocumentFault): readonly string[] {
  return affected[fault]
}
