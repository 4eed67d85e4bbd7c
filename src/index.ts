/**
 * The package's public surface: the client, an installation to test against, and the explainer.
 *
 *     const lab = await startInstallation()
 *     const alice = connect({ url: lab.url, user: 'alice@contoso.test', password: 'Passw0rd!' })
 *     const pfile = await alice.protectFile(bytes, '.txt', { rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] })
 *     await lab.close()
 */
export * from './client/index.js'
export { OptionRefused } from './config/given-options.js'
export { startInstallation } from './manage/start.js'
export type { Installation, ReadyEvent } from './manage/start.js'
export type { InstallationOptions } from './installation/installation-options.js'
export { UnknownEndpoint } from './installation/start-settings.js'
export type { ClusterPlace, ClusterStatus, InstallationStatus, NodeStatus } from './installation/status.js'
export { SeedFileError } from './administration/seed-file/seed-file-error.js'
export { OtherSeedFile } from './administration/seed-file/apply.js'
export { OtherSeed } from './administration/lab/random-seed.js'
export type { StoredSeed } from './cluster/store/random-seed-store.js'
export { OtherForest } from './cluster/found-forest.js'
export type { SeedExport } from './administration/seed-file/export.js'
export type { SeedFile } from './administration/seed-file/seed-file.js'
export { LabInputError } from './lab/input-error.js'
export { NotEverywhere } from './administration/lab/change-lab.js'
export type { ToldServer } from './administration/lab/change-lab.js'
export type { ClockChange, ClockReading, ClockWanted } from './administration/lab/clock.js'
export type { ExclusionWanted, LabThings, TemplateWanted } from './installation/lab-things.js'
export type { InstallationLab, ScopeLab } from './installation/lab.js'
export type { LabScope, LabScopes } from './installation/lab-scopes.js'
export type { ScopeReading } from './installation/scopes/scopes.js'
export type { FaultChange, FaultReading, FaultRemoval, FaultWanted } from './administration/lab/faults.js'
export type { ServerChange, ServerReading, ServerWanted } from './administration/lab/servers.js'
export type { ServerControls } from './lab/servers/controls.js'
export type { InstallationChange, InstallationWanted } from './administration/lab/installation.js'
export type { InstallationControls } from './lab/servers/installation-controls.js'
export type { LabSnapshots } from './installation/lab-snapshots.js'
export type { SnapshotFile } from './administration/lab/snapshot-file.js'
export type { SnapshotAbout } from './cluster/store/snapshot-store.js'
export type { Returned } from './administration/lab/return-to.js'
export type { ReadyFault } from './lab/faults/catalogue.js'
export type { ConfigReading, ServerConfig } from './administration/lab/config.js'
export type { SettingShown } from './config/started-with.js'
export type {
  DocumentFilter,
  DocumentPage,
  DocumentPlace,
  DocumentsForgotten,
  LabDocument,
} from './administration/lab/documents.js'
export type { Issued, IssuedDocument } from './administration/lab/issue.js'
export type { GivenRights, IssueWanted } from './administration/lab/issue-wanted.js'
export { JournalDiffers, NotInJournal } from './installation/lab-journal.js'
export type { LabJournal, ListOptions, WaitOptions } from './installation/lab-journal.js'
export type { JournalPage, NearShown, Verified } from './administration/lab/journal.js'
export type { JournalEntry } from './lab/journal/entry.js'
export type { JournalFilter } from './lab/journal/filter.js'
export type { Expectation } from './lab/journal/expectation.js'
export { DatabaseInUse } from './installation/database-lock.js'
export { explain } from './explain/explain.js'
export type { ExplainOptions } from './explain/explain.js'
export type { Check, DocumentExplanation, Explanation, PolicyExplanation, Problem } from './explain/explanation.js'
export { printExplanation } from './explain/print.js'
export { plain } from './explain/paint.js'
export type { Paint } from './explain/paint.js'
