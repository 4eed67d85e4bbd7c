/**
 * The one table of RMS exceptions ([MS-RMPR] 3.1.4.5 and the exception tables of each operation, [MS-RMSI] 3.1.4.2).
 * Faults, documentation and tests read it; nothing else names an exception.
 */
import type { RefusalFacts } from './refusal.js'

export type OperationName =
  | 'Activate'
  | 'Certify'
  | 'Precertify'
  | 'AcquireLicense'
  | 'AcquirePreLicense'
  | 'AcquireTemplateInformation'
  | 'AcquireTemplates'
  | 'AcquireIssuanceLicense'
  | 'GetClientLicensorCert'
  | 'EditIssuanceLicense'
  | 'GetLicensorCertificate'
  | 'FindServiceLocationsForUser'
  | 'FindServiceLocations'
  | 'GetServerInfo'
  | 'AcquireContentKey'
  | 'SubEnroll'
  | 'IsPrincipalMemberOf'

interface ExceptionRow {
  /** The full name that clients look for in the faultstring. */
  readonly name: string
  /** What the client is told. Says nothing about the inside of the server. */
  readonly message: string
  readonly raisedBy: readonly OperationName[] | 'every operation'
  readonly section: string
}

/** Operations that bind the VersionData header: all but GetServerInfo. */
const versioned = [
  'Activate',
  'Certify',
  'Precertify',
  'AcquireLicense',
  'AcquirePreLicense',
  'AcquireTemplateInformation',
  'AcquireTemplates',
  'AcquireIssuanceLicense',
  'GetClientLicensorCert',
  'EditIssuanceLicense',
  'GetLicensorCertificate',
  'FindServiceLocationsForUser',
  'FindServiceLocations',
  'AcquireContentKey',
  'SubEnroll',
  'IsPrincipalMemberOf',
] as const

const core = 'Microsoft.DigitalRightsManagement.Core'
const licensing = 'Microsoft.DigitalRightsManagement.Licensing'
const utilities = 'Microsoft.DigitalRightsManagement.Utilities'
const cryptography = 'Microsoft.DigitalRightsManagement.Cryptography'
const services = 'Microsoft.RightsManagementServices'

export const exceptions = {
  ArgumentNull: {
    name: 'System.ArgumentNullException',
    message: 'A required value is missing.',
    raisedBy: [
      'Certify',
      'Precertify',
      'AcquireLicense',
      'AcquirePreLicense',
      'AcquireTemplates',
      'AcquireIssuanceLicense',
      'GetClientLicensorCert',
      'EditIssuanceLicense',
      'FindServiceLocationsForUser',
      'FindServiceLocations',
      'GetServerInfo',
      'AcquireContentKey',
      'SubEnroll',
      'IsPrincipalMemberOf',
    ],
    section: '[MS-RMPR] 3.1.4.6',
  },
  MalformedDataVersion: {
    name: `${core}.MalformedDataVersionException`,
    message: 'The version data in the SOAP header is not valid.',
    raisedBy: versioned,
    section: '[MS-RMPR] 3.1.4.6',
  },
  UnsupportedDataVersion: {
    name: `${core}.UnsupportedDataVersionException`,
    message: 'The requested version is higher than this server supports.',
    raisedBy: versioned,
    section: '[MS-RMPR] 3.1.4.6',
  },
  InvalidOperation: {
    name: 'System.InvalidOperationException',
    message: 'The request names a value that this operation does not know.',
    // By whatever reads the values of a request, before the operation: soap/values.ts
    raisedBy: [
      'FindServiceLocationsForUser',
      'FindServiceLocations',
      'GetServerInfo',
      'Certify',
      'Precertify',
      'SubEnroll',
      'IsPrincipalMemberOf',
    ],
    section: '[MS-RMPR] 3.7.4.2',
  },
  UnauthorizedAccess: {
    name: 'System.UnauthorizedAccessException',
    message: 'The caller may not do this.',
    raisedBy: ['Certify', 'Precertify'],
    section: '[MS-RMPR] 3.3.4.1',
  },
  VerifyEmailAddressFailed: {
    name: `${core}.VerifyEmailAddressFailedException`,
    message: 'The e-mail address of the account is not valid.',
    raisedBy: ['Certify', 'Precertify'],
    section: '[MS-RMPR] 3.3.4.1',
  },
  VerifyMachineCertificateChainFailed: {
    name: `${core}.VerifyMachineCertificateChainFailedException`,
    message: 'The machine certificate chain is not valid or not trusted.',
    raisedBy: ['Certify'],
    section: '[MS-RMPR] 3.3.4.1',
  },
  DrmsArgument: {
    name: `${core}.DRMSArgumentException`,
    message: 'The request must have exactly one element.',
    raisedBy: ['Precertify'],
    section: '[MS-RMSI] 3.3.4.1.2.1',
  },
  ADEntrySearchFailed: {
    name: `${utilities}.ADEntrySearchFailedException`,
    message: 'The account has no e-mail address in the directory.',
    raisedBy: ['Certify', 'Precertify'],
    section: '[MS-RMPR] 3.3.4.1',
  },
  UnspecifiedError: {
    name: `${utilities}.UnspecifiedErrorException`,
    message: 'The request could not be processed.',
    raisedBy: 'every operation',
    section: '[MS-RMPR] 3.4.4.1, 3.5.4.1, 3.7.4.2',
  },
  ClusterNotDecommissioned: {
    name: `${utilities}.ClusterNotDecommissionedException`,
    message: 'This cluster is not decommissioned.',
    raisedBy: ['AcquireContentKey'],
    section: '[MS-RMSI] 3.2.4.1',
  },
  ClusterDecommissioned: {
    name: `${services}.ClusterDecommissionedException`,
    message: 'This cluster is decommissioned.',
    raisedBy: [
      'Certify',
      'Precertify',
      'AcquireLicense',
      'AcquirePreLicense',
      'AcquireTemplateInformation',
      'AcquireTemplates',
      'AcquireIssuanceLicense',
      'GetClientLicensorCert',
      'EditIssuanceLicense',
      'GetLicensorCertificate',
      'SubEnroll',
    ],
    section: '[MS-RMPR] 3.3.4.1, 3.4.4, 3.5.4, 3.7.4.1; [MS-RMSI] 3.3.4.1, 3.4.4.1, 3.5.4.1',
  },
  InvalidPersonaCertSignature: {
    name: `${licensing}.InvalidPersonaCertSignatureException`,
    message: 'The signature of the account certificate chain is not valid.',
    raisedBy: ['AcquireLicense', 'GetClientLicensorCert'],
    section: '[MS-RMPR] 3.4.4.1, 3.5.4.2',
  },
  InvalidPersonaCertTime: {
    name: `${licensing}.InvalidPersonaCertTimeException`,
    message: 'The account certificate is expired or not yet valid.',
    raisedBy: ['AcquireLicense', 'GetClientLicensorCert'],
    section: '[MS-RMPR] 3.4.4.1, 3.5.4.2',
  },
  UnexpectedPersonaCert: {
    name: `${licensing}.UnexpectedPersonaCertException`,
    message: 'The account certificate is not of the expected form.',
    raisedBy: ['AcquireLicense', 'GetClientLicensorCert'],
    section: '[MS-RMPR] 3.4.4.1, 3.5.4.2',
  },
  UntrustedPersonaCert: {
    name: `${licensing}.UntrustedPersonaCertException`,
    message: 'The account certificate was issued by a server that is not trusted here.',
    raisedBy: ['AcquireLicense', 'GetClientLicensorCert'],
    section: '[MS-RMPR] 3.4.4.1, 3.5.4.2',
  },
  DrmacIsExcluded: {
    name: `${licensing}.DrmacIsExcludedException`,
    message: 'The account certificate is excluded on this cluster.',
    raisedBy: ['AcquireLicense', 'GetClientLicensorCert'],
    section: '[MS-RMPR] 3.4.4.1, 3.5.4.2',
  },
  BlackBoxIsInvalid: {
    name: `${licensing}.BlackBoxIsInvalidException`,
    message: 'The security processor version of the machine is excluded on this cluster.',
    raisedBy: ['Certify', 'AcquireLicense', 'GetClientLicensorCert'],
    section: '[MS-RMPR] 3.3.4.1, 3.4.4.1, 3.5.4.2',
  },
  CredentialCreationTime: {
    name: `${licensing}.CredentialCreationTimeException`,
    message: 'The account was created after the content was published.',
    raisedBy: ['AcquireLicense'],
    section: '[MS-RMPR] 3.4.4.1',
  },
  NoRightsForRequestedPrincipal: {
    name: `${licensing}.NoRightsForRequestedPrincipalException`,
    message: 'The user has no rights to this content.',
    raisedBy: ['AcquireLicense', 'AcquirePreLicense'],
    section: '[MS-RMPR] 3.4.4.1; [MS-RMSI] 3.5.4.1',
  },
  InvalidRightsLabelSignature: {
    name: `${licensing}.InvalidRightsLabelSignatureException`,
    message: 'The signature of the publishing license is not valid.',
    raisedBy: ['AcquireLicense', 'AcquirePreLicense'],
    section: '[MS-RMPR] 3.4.4.1; [MS-RMSI] 3.5.4.1',
  },
  IssuanceLicenseIsNotWithinValidTimeRange: {
    name: `${licensing}.IssuanceLicenseIsNotWithinValidTimeRangeException`,
    message: 'The publishing license is expired or not yet valid.',
    raisedBy: ['AcquireLicense', 'AcquirePreLicense'],
    section: '[MS-RMPR] 3.4.4.1; [MS-RMSI] 3.5.4.1',
  },
  RightsLabelNoMatchingIssuedPrincipal: {
    name: `${licensing}.RightsLabelNoMatchingIssuedPrincipalException`,
    message: 'The publishing license was not made for this cluster.',
    raisedBy: ['AcquireLicense', 'AcquirePreLicense'],
    section: '[MS-RMPR] 3.4.4.1; [MS-RMSI] 3.5.4.1',
  },
  AcquirePreLicenseInvalidLicensee: {
    name: 'AcquirePreLicenseInvalidLicenseeException',
    message: 'The licensee cannot be identified.',
    raisedBy: ['AcquirePreLicense'],
    section: '[MS-RMSI] 3.5.4.1',
  },
  OnlinePublishingDisabled: {
    name: `${licensing}.OnlinePublishingDisabledException`,
    message: 'Online publishing is switched off on this cluster.',
    raisedBy: ['AcquireIssuanceLicense', 'EditIssuanceLicense'],
    section: '[MS-RMPR] 3.5.4.1; [MS-RMSI] 3.4.4.1',
  },
  UnsignedIssuanceLicenseNoMatchingIssuedPrincipal: {
    name: `${licensing}.UnsignedIssuanceLicenseNoMatchingIssuedPrincipalException`,
    message: 'The unsigned publishing license was not made for this cluster.',
    raisedBy: ['AcquireIssuanceLicense', 'EditIssuanceLicense'],
    section: '[MS-RMPR] 3.5.4.1; [MS-RMSI] 3.4.4.1',
  },
  ContentKeyNoMatchingIssuedPrincipal: {
    name: 'Microsoft.DigitalRightsManagement.UnsignedIssuanceLicenseNoMatchingIssuedPrincipalException',
    message: 'The publishing license was not made for this cluster.',
    raisedBy: ['AcquireContentKey'],
    section: '[MS-RMSI] 3.2.4.1',
  },
  InvalidOfficialRightsTemplate: {
    name: `${licensing}.InvalidOfficialRightsTemplateException`,
    message: 'The rights policy template is not valid here: its signature is wrong, or it was deleted.',
    raisedBy: ['AcquireLicense', 'AcquirePreLicense', 'AcquireIssuanceLicense', 'EditIssuanceLicense'],
    section: '[MS-RMPR] 3.4.4.1, 3.5.4.1; [MS-RMSI] 3.4.4.1, 3.5.4.1',
  },
  InvalidSignedIssuanceLicense: {
    name: `${licensing}.InvalidSignedIssuanceLicenseException`,
    message: 'The signed publishing license is not valid on this cluster.',
    raisedBy: ['EditIssuanceLicense'],
    section: '[MS-RMSI] 3.4.4.1',
  },
  ServerRepublishIllegal: {
    name: 'Microsoft.DigitalRightsManagement.ServerRepublishIllegalException',
    message: 'The author did not allow the rights of this content to be edited on the server.',
    raisedBy: ['EditIssuanceLicense'],
    section: '[MS-RMSI] 3.4.4.1',
  },
  UnsupportedCryptographicSet: {
    name: `${cryptography}.UnsupportedCryptographicSetException`,
    message: 'The certificate uses a key length or hash that does not fit the cryptographic mode of this cluster.',
    raisedBy: ['Certify', 'AcquireLicense', 'GetClientLicensorCert'],
    section: '[MS-RMPR] 3.1.4.7',
  },
  CryptoUnsupportedSymKey: {
    name: `${cryptography}.CryptoUnsupportedSymKeyException`,
    message: 'The publishing license uses a symmetric key type that is not supported.',
    raisedBy: ['AcquireIssuanceLicense', 'EditIssuanceLicense'],
    section: '[MS-RMPR] 3.5.4.1',
  },
  EnablingBitsHashDoesNotMatch: {
    name: `${services}.EnablingBitsHashDoesNotMatchException`,
    message: 'The sealed key of the publishing license does not belong to it.',
    raisedBy: ['AcquireIssuanceLicense', 'EditIssuanceLicense'],
    section: '[MS-RMPR] 3.5.4.1',
  },
} as const satisfies Record<string, ExceptionRow>

export type ExceptionKey = keyof typeof exceptions

/** A refusal that the client is told about by a fault. */
export class RmsException extends Error {
  override readonly name = 'RmsException'
  readonly key: ExceptionKey
  /** The full exception name of the protocol. */
  readonly fullName: string
  /** What exactly was wrong, with the values: for the request log and the explanation, never for the wire. */
  readonly why: string
  /** Rule and values apart, where whoever refused wrote them down: for the lab's journal, never for the wire. */
  readonly facts: RefusalFacts | undefined

  constructor(key: ExceptionKey, why: string, facts?: RefusalFacts) {
    super(`${exceptions[key].name}: ${exceptions[key].message}`)
    this.key = key
    this.fullName = exceptions[key].name
    this.why = why
    this.facts = facts
  }

  /** [MS-RMPR] 3.1.4.5 FaultString: name, delimiter, text. */
  get faultString(): string {
    return this.message
  }
}

/** Ends the operation with that exception. */
export function refuse(key: ExceptionKey, why: string, facts?: RefusalFacts): never {
  throw new RmsException(key, why, facts)
}
