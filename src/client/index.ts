/**
 * A small complete RMS client. `connect` is all that most callers need; the steps it is made of are exported for those who want to do
 * one of them differently.
 */
export { connect } from './connect.js'
export type { ConnectOptions, Identity, OpenedFile, PlSource, ProtectOptions, RmsClient } from './rms-client.js'

// Over REST, as mobile devices do
export { connectRest } from './connect-rest.js'
export type {
  RestClient,
  RestLicense,
  RestOptions,
  RestPolicy,
  RestPublished,
  RestPublishOptions,
  RestServices,
  RestTemplate,
} from './rest-types.js'
export { AccessDenied, RestRefused } from './rest-caller.js'
export { ForeignSignInService } from './rest-token.js'

// Parts of a session
export { activate, machineOf, readyMachine } from './machine.js'
export type { Activation, Machine } from './machine.js'
export { openAccount } from './account.js'
export type { Account } from './account.js'
export { openPublisher } from './publisher.js'
export type { Publisher } from './publisher.js'
export { KeptFileBroken, load, save } from './keep.js'
export type { Kept } from './keep.js'

// Chance that can be repeated
export { BadSeed } from '../config/seed-text.js'
export { seededRandom } from '../crypto/seeded-random.js'

// Single calls
export { openConnections } from './connections.js'
export type { Connections, ConnectionsOptions, Credentials, SignIn } from './connections.js'
export type { ClientContext, Step } from './context.js'
export { findServiceLocations, getLicensorCertificate, getServerInfo } from './discover.js'
export type { LicensingServer, ServerInfo, ServiceLocations } from './discover.js'
export { certify } from './certify.js'
export { getClientLicensorCert } from './get-client-licensor-cert.js'
export { acquireTemplateInformation, acquireTemplates } from './acquire-templates.js'
export type { Template, TemplateInformation } from './acquire-templates.js'
export { findTemplate, NoSuchTemplate } from './find-template.js'
export { acquireIssuanceLicense, publishOnline } from './acquire-issuance-license.js'
export { editIssuanceLicense } from './edit-issuance-license.js'
export { acquireLicense, acquireLicenses, LicenseRefused } from './acquire-license.js'
export type { LicenseResult } from './acquire-license.js'
export { acquirePreLicense } from './acquire-pre-license.js'
export { precertify } from './precertify.js'
export { acquireContentKey } from './acquire-content-key.js'
export { callSoap, CallFailed, SoapFault } from './soap-caller.js'
export type { SoapCall } from './soap-caller.js'

// Licenses and files
export { prepareContent } from './prepare-content.js'
export type { PreparedContent, Publication } from './prepare-content.js'
export { publish } from './publish.js'
export type { Published, PublishedOffline, PublishOptions } from './publish.js'
export { knownRights } from '../xrml/rights.js'
export type { OwnRights, RightsEntry, RightsPolicy, TemplateRights } from './rights-policy.js'
export { verifyLicense } from './license.js'
export type { Expected, License } from './license.js'
export { openLicense, OutsideValidTime } from './open.js'
export type { OpenedLicense, TimedRight } from './open.js'
export { readPlChain } from './pl-chain.js'
export { protectBytes, protectChunks } from './protect-file.js'
export { decryptFile, readProtectedFile } from './open-file.js'
export type { ProtectedFile } from './open-file.js'
export { PfileError, readPfile, writePfile } from './pfile.js'
export type { Pfile } from './pfile.js'
export { ForeignLicensingServer } from './service-url.js'

// Trust
export { verifyChainToRoot, VerificationFailed } from './verify.js'
export { labTrustRoot } from '../xrml/lab-hierarchy.js'
export type { TrustRoot } from '../xrml/lab-hierarchy.js'
