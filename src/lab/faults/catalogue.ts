/**
 * Ready faults: for every row of the symptom catalogue that a server can cause, what its clients see (adrms-deployment 6). A fault here does what the clients
 * saw; what lay behind it on Windows is told in words.
 */
import { commandLine } from '../../command-line.js'
import type { Fault } from './fault.js'

export interface ReadyFault {
  readonly name: string
  /** Of the symptom catalogue. */
  readonly row: number
  /** What was behind it on Windows. */
  readonly cause: string
  /** What the client has of it. */
  readonly symptom: string
  readonly fault: Pick<Fault, 'match' | 'effect'>
  /** It is of one server among several: whoever sets it says of which. */
  readonly needsNode?: true
}

/** A row that no answer of a server can bring about. */
export interface RowOfOthers {
  readonly row: number
  readonly symptom: string
  readonly reason: string
}

const certification = ['Certify', 'Precertify']
const licensing = ['AcquireLicense', 'AcquirePreLicense']
/** Whatever an SLC is needed for that may still issue. */
const issuing = [
  ...certification,
  'GetClientLicensorCert',
  ...licensing,
  'AcquireIssuanceLicense',
  'EditIssuanceLicense',
]
const readers = ['AcquireLicense', 'GetClientLicensorCert']
/** All but GetServerInfo bind the version header. */
const versioned = [...issuing, 'AcquireTemplateInformation', 'AcquireTemplates', 'GetLicensorCertificate']
const licensingPipeline = ['/licensing/license.asmx', '/licensing/publish.asmx', '/licensing/editissuancelicense.asmx']
const restServices = ['EndUserLicenses', 'PublishingLicenses', 'Templates']

/** In order of the rows. */
export const catalogue: readonly ReadyFault[] = [
  {
    name: 'server-info-denied',
    row: 1,
    cause: 'logon rights or the access list of server.asmx, on Exchange servers that ask it',
    symptom: '401 at /certification/server.asmx; nothing in the log of RMS',
    fault: { match: { endpoint: ['/certification/server.asmx'] }, effect: { http: 401, challenge: 'NTLM' } },
  },
  {
    name: 'acl-closed',
    row: 2,
    cause: 'the access list of ServerCertification.asmx names SYSTEM alone, as after installation',
    symptom: '401 at /certification/ServerCertification.asmx: SharePoint cannot be certified',
    fault: {
      match: { endpoint: ['/certification/ServerCertification.asmx'] },
      effect: { http: 401, challenge: 'NTLM' },
    },
  },
  {
    name: 'sub-enrollment-denied',
    row: 3,
    cause: 'the access list of SubEnrollService.asmx denies everybody, as after installation',
    symptom: '403 at /certification/SubEnrollService.asmx: no licensing-only cluster can be provisioned',
    fault: { match: { endpoint: ['/certification/SubEnrollService.asmx'] }, effect: { http: 403 } },
  },
  {
    name: 'no-mail-address',
    row: 5,
    cause: 'the account has no mail attribute',
    symptom: 'ADEntrySearchFailedException when it is certified',
    fault: { match: { operation: certification }, effect: { exception: 'ADEntrySearchFailed' } },
  },
  {
    name: 'bad-mail-address',
    row: 5,
    cause: 'the mail attribute of the account is no address',
    symptom: 'VerifyEmailAddressFailedException when it is certified',
    fault: { match: { operation: certification }, effect: { exception: 'VerifyEmailAddressFailed' } },
  },
  {
    name: 'clock-skew-node',
    row: 7,
    cause: 'the clock of a server is behind those of its clients',
    symptom: 'a fresh use license that has expired',
    fault: { match: { operation: licensing }, effect: { document: 'expired' } },
  },
  {
    name: 'clock-skew-content',
    row: 7,
    cause: 'the clock of the author was ahead of that of the server',
    symptom: 'IssuanceLicenseIsNotWithinValidTimeRangeException for fresh content',
    fault: { match: { operation: licensing }, effect: { exception: 'IssuanceLicenseIsNotWithinValidTimeRange' } },
  },
  {
    name: 'clock-skew-account',
    row: 7,
    cause: 'the clock of the licensing server is behind that of the certifying one',
    symptom: 'InvalidPersonaCertTimeException for a fresh account certificate',
    fault: { match: { operation: readers }, effect: { exception: 'InvalidPersonaCertTime' } },
  },
  {
    name: 'slc-expired',
    row: 8,
    cause: 'the licensor certificate has expired, often after an upgrade from RMS 1: the service is off',
    symptom: 'nothing new is issued; licenses that are there still open',
    fault: { match: { operation: issuing }, effect: { exception: 'UnspecifiedError' } },
  },
  {
    name: 'log-user-agents-full',
    row: 9,
    cause: 'the log has more than 32,767 user agents, and each request is rolled back (event 84)',
    symptom: 'every request fails with UnspecifiedErrorException',
    fault: { match: {}, effect: { exception: 'UnspecifiedError' } },
  },
  {
    name: 'log-queue-full',
    row: 10,
    cause: 'MSMQ is full, as the logging database or its listener is down',
    symptom: '503 for every request',
    fault: { match: {}, effect: { http: 503 } },
  },
  {
    name: 'database-away',
    row: 11,
    cause: 'the configuration database is down; the servers go on with what they remember',
    symptom: 'new users cannot be certified, all else works',
    fault: { match: { operation: certification }, effect: { exception: 'UnspecifiedError' } },
  },
  {
    name: 'database-away-recycled',
    row: 11,
    cause: 'the configuration database is down, and the servers were recycled since',
    symptom: '500 for every request',
    fault: { match: {}, effect: { http: 500 } },
  },
  {
    name: 'directory-away',
    row: 12,
    cause: 'no global catalog answers, or the servers may not read memberOf (event 100)',
    symptom: 'NoRightsForRequestedPrincipalException for content whose rights were given to groups',
    fault: { match: { operation: licensing }, effect: { exception: 'NoRightsForRequestedPrincipal' } },
  },
  {
    name: 'key-password-stale',
    row: 13,
    cause: 'the cluster key password was reset, and not on this server',
    symptom: '500 now and then: whenever the balancer chooses that server',
    fault: { match: {}, effect: { http: 500 } },
    needsNode: true,
  },
  {
    name: 'service-account-expired',
    row: 14,
    cause: 'the password of the service account has expired: the application pools have stopped',
    symptom: '503 everywhere',
    fault: { match: {}, effect: { http: 503 } },
  },
  {
    name: 'partner-untrusted',
    row: 16,
    cause: 'the trusted user domain of a partner was never imported, or is gone',
    symptom: 'UntrustedPersonaCertException',
    fault: { match: { operation: readers }, effect: { exception: 'UntrustedPersonaCert' } },
  },
  {
    name: 'retired-cluster',
    row: 17,
    cause: 'the trusted publishing domain of a retired cluster was never imported',
    symptom: 'RightsLabelNoMatchingIssuedPrincipalException for its content',
    fault: { match: { operation: licensing }, effect: { exception: 'RightsLabelNoMatchingIssuedPrincipal' } },
  },
  {
    name: 'template-deleted',
    row: 18,
    cause: 'a template was deleted in place of being archived',
    symptom: 'InvalidOfficialRightsTemplateException for content that was protected by it',
    fault: {
      match: { operation: [...licensing, 'AcquireIssuanceLicense'] },
      effect: { exception: 'InvalidOfficialRightsTemplate' },
    },
  },
  {
    name: 'account-excluded',
    row: 19,
    cause: 'the key of the account certificate is on the exclusion list',
    symptom: 'DrmacIsExcludedException',
    fault: { match: { operation: readers }, effect: { exception: 'DrmacIsExcluded' } },
  },
  {
    name: 'client-excluded',
    row: 19,
    cause: 'security processors below a version are excluded',
    symptom: 'BlackBoxIsInvalidException',
    fault: { match: { operation: ['Certify', ...readers] }, effect: { exception: 'BlackBoxIsInvalid' } },
  },
  {
    name: 'decommissioned',
    row: 20,
    cause: 'the cluster was decommissioned',
    symptom: 'ClusterDecommissionedException for everything but the content key',
    fault: { match: { operation: versioned }, effect: { exception: 'ClusterDecommissioned' } },
  },
  {
    name: 'version-too-high',
    row: 21,
    cause: 'the client wants a later version than the server has',
    symptom: 'UnsupportedDataVersionException',
    fault: { match: { operation: versioned }, effect: { exception: 'UnsupportedDataVersion' } },
  },
  {
    name: 'version-malformed',
    row: 21,
    cause: 'the version header is missing or cannot be read',
    symptom: 'MalformedDataVersionException',
    fault: { match: { operation: versioned }, effect: { exception: 'MalformedDataVersion' } },
  },
  {
    name: 'other-crypto-mode',
    row: 22,
    cause: 'a client of Mode 1 at a cluster of Mode 2',
    symptom: 'UnsupportedCryptographicSetException',
    fault: { match: { operation: ['Certify', ...readers] }, effect: { exception: 'UnsupportedCryptographicSet' } },
  },
  {
    name: 'other-hierarchy',
    row: 23,
    cause: 'a machine of the ISV hierarchy at a server of the production one (event 78)',
    symptom: 'VerifyMachineCertificateChainFailedException',
    fault: { match: { operation: ['Certify'] }, effect: { exception: 'VerifyMachineCertificateChainFailed' } },
  },
  {
    name: 'token-refused',
    row: 24,
    cause: 'AD FS is not set up, or a proxy keeps RMS from it',
    symptom: '401 over REST, whatever token is sent',
    fault: { match: { operation: restServices }, effect: { code: 'Unauthorized' } },
  },
  {
    name: 'tenant-unknown',
    row: 24,
    cause: 'the domain of the account cannot be told',
    symptom: 'UnknownTenantException at service discovery',
    fault: { match: { operation: ['ServiceDiscovery'] }, effect: { code: 'UnknownTenant' } },
  },
  {
    name: 'directories-remapped',
    row: 25,
    cause: 'the virtual directories were mapped to another version of .NET',
    symptom: '500 for every request, and nothing in any log',
    fault: { match: {}, effect: { http: 500 } },
  },
  {
    name: 'licensing-denied',
    row: 27,
    cause: 'the licensing pipeline denies everybody after a move, and server.asmx does not',
    symptom: '403 at the licensing services, while server.asmx answers',
    fault: { match: { endpoint: licensingPipeline }, effect: { http: 403 } },
  },
]

export const rowsOfOthers: readonly RowOfOthers[] = [
  {
    row: 4,
    symptom: '"user has not been authenticated" in Office',
    reason: 'the client does not answer the challenge: to it, the cluster is not in the zone of the intranet',
  },
  {
    row: 6,
    symptom: 'the service is not found',
    reason: `no request reaches a server: the service connection point is missing or stale. ${commandLine('scp remove')} does it, and scp move`,
  },
  {
    row: 15,
    symptom: 'nobody outside can open the content',
    reason: `the URL in the license leads nowhere. An extranet URL that is set after publishing does the same here, and ${commandLine('remove-extranet')}`,
  },
  {
    row: 26,
    symptom: 'it asks for "current credentials" again and again',
    reason: 'the cache of the client is stale: no request is made',
  },
  {
    row: 28,
    symptom: 'errors of the application manifest',
    reason: 'the client refuses its own application: no request is made',
  },
]
