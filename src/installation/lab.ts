/** The controls of the lab, for programs: what the management API does, without HTTP. */
import type { LabOffice } from '../administration/lab/ask-server.js'
import type { ToldServer } from '../administration/lab/change-lab.js'
import {
  advanceClock,
  putClock,
  readClock,
  type ClockChange,
  type ClockReading,
  type ClockWanted,
} from '../administration/lab/clock.js'
import type { ConfigReading } from '../administration/lab/config.js'
import {
  documentText,
  explainDocument,
  findDocument,
  forgetDocuments,
  listDocuments,
  type DocumentFilter,
  type DocumentPage,
  type DocumentPlace,
  type DocumentsForgotten,
} from '../administration/lab/documents.js'
import { explainBytes } from '../administration/lab/explain.js'
import {
  listFaults,
  putFault,
  removeFault,
  type FaultChange,
  type FaultOffice,
  type FaultReading,
  type FaultRemoval,
  type FaultWanted,
} from '../administration/lab/faults.js'
import {
  changeInstallationControls,
  clearInstallationControls,
  putInstallationControls,
  readInstallationControls,
  type InstallationChange,
  type InstallationWanted,
} from '../administration/lab/installation.js'
import {
  changeServer,
  clearServer,
  listServers,
  putServer,
  type ServerChange,
  type ServerReading,
  type ServerWanted,
} from '../administration/lab/servers.js'
import { resetLab } from '../administration/lab/reset.js'
import type { Returned } from '../administration/lab/return-to.js'
import { readStateHash } from '../administration/lab/state.js'
import { issue, type Issued } from '../administration/lab/issue.js'
import type { IssueWanted } from '../administration/lab/issue-wanted.js'
import type { IssuingOffice } from '../administration/lab/issuing-office.js'
import { problem } from '../administration/problem.js'
import { exportSeed, type SeedExport } from '../administration/seed-file/export.js'
import type { Explanation } from '../explain/explanation.js'
import { catalogue, type ReadyFault } from '../lab/faults/catalogue.js'
import type { InstallationControls } from '../lab/servers/installation-controls.js'
import { endpointPaths } from '../node/roles.js'
import { servedNames } from '../node/served.js'
import { labSnapshots, type LabSnapshots } from './lab-snapshots.js'
import type { LabScopes } from './lab-scopes.js'
import { labThings, type LabThings } from './lab-things.js'
import { labJournal, type LabJournal } from './lab-journal.js'
import { clearLab, readLab, type LabReading } from '../administration/lab/lab.js'

/** Each change is at every server when its promise resolves. It rejects with NotEverywhere when one of them could not be reached, and with LabInputError for what cannot be. */
export interface ScopeLab extends LabThings {
  readonly clock: {
    /** How it is set, and what it says. */
    read(): Promise<ClockReading>
    put(wanted: ClockWanted): Promise<ClockChange>
    /** @param by ISO 8601, such as `P366D` */
    advance(by: string): Promise<ClockChange>
  }
  readonly faults: {
    /** Sets one, in place of one of that name. */
    put(name: string, wanted: FaultWanted): Promise<FaultChange>
    /** Those that are set. */
    list(): Promise<readonly FaultReading[]>
    /** Tells how many requests it matched. Rejects with Problem when there is none of that name. */
    remove(name: string): Promise<FaultRemoval>
    /** The ready ones. */
    catalogue(): readonly ReadyFault[]
  }
  readonly servers: {
    /** Every server, and what is set for it. */
    list(): Promise<readonly ServerReading[]>
    /** Sets this for a server, and nothing else. Rejects with Problem when there is none of that name. */
    put(id: string, wanted: ServerWanted): Promise<ServerChange>
    /** Sets this for a server, and lets alone what is not named; false or null ends it. */
    change(id: string, wanted: ServerWanted): Promise<ServerChange>
    /** It takes connections and answers nothing. */
    pause(id: string): Promise<ServerChange>
    resume(id: string): Promise<ServerChange>
    /** It is as in a product again. */
    remove(id: string): Promise<ServerChange>
  }
  /** What is set for all servers together. */
  readonly installation: {
    read(): Promise<InstallationControls>
    /** Sets this, and nothing else. */
    put(wanted: InstallationWanted): Promise<InstallationChange>
    /** Sets this, and lets alone what is not named; false or null ends it. */
    change(wanted: InstallationWanted): Promise<InstallationChange>
    remove(): Promise<InstallationChange>
  }
  readonly journal: LabJournal
  /** A seed file of the installation, for `startInstallation({ seedFile })`; with what such a file cannot say. */
  export(): Promise<SeedExport>
  /** SHA-256 over the state of the installation: the same while nothing is different that a client could notice. */
  stateHash(): Promise<string>
  /**
   * Says of documents whether they are good, by the clock of the forest, and opens policies that a cluster here has the key of.
   * @param bytes a document or chain in any encoding, a SOAP message, or a protected file
   */
  explain(bytes: Uint8Array): Promise<Explanation>
  /** Those of the exchanges in the journal, and with `keepDocuments` all that ever passed. */
  readonly documents: {
    /** The latest first. */
    list(filter?: DocumentFilter, page?: { readonly limit?: number; readonly skip?: number }): Promise<DocumentPage>
    /** One, with the certificates above it and what was issued with it. */
    find(hash: string): Promise<DocumentPlace>
    /** XrML as it travelled; private keys are blanked unless the journal shows secrets. */
    text(hash: string): Promise<string>
    explain(hash: string): Promise<Explanation>
    /** Forgets those that are kept for good. What is in the journal stays there until that lets it go. */
    clear(): Promise<DocumentsForgotten>
  }
  /** Makes a certificate or license for somebody, rightly or wrongly on purpose. Rejects with Problem when the services refuse. */
  issue(wanted: IssueWanted): Promise<Issued>
  /** Everything is as it was when the installation was ready first, at every server. Addresses and open connections stay. */
  reset(): Promise<Returned>
  readonly snapshots: LabSnapshots
  /** All that is set. */
  read(): Promise<LabReading>
  /** Ends everything that is set. */
  clear(): Promise<{ readonly ended: readonly string[]; readonly nodes: readonly ToldServer[] }>
}

/** What is set in an installation is not set in its scopes. */
export interface InstallationLab extends ScopeLab {
  /** What it was started with: each option, and where its value is from; and what servers have otherwise that somebody started by hand. */
  config(): Promise<ConfigReading>
  /** Forests of their own below `/f/NAME`, each with all of these controls. */
  readonly scopes: LabScopes
}

/** @throws Problem 404 */
export function noControls(): never {
  return problem(404, 'There are no controls of a lab here: the installation was started with lab: false')
}

/**
 * @param given told who has the controls now; undefined: there is no lab, and every call says so
 * @param ca certificates in PEM that https servers lead to
 */
export function installationLab(
  given: (() => LabOffice) | undefined,
  issuing: IssuingOffice,
  ca: string | undefined,
): ScopeLab {
  const office = (): LabOffice => given?.() ?? noControls()
  const faultOffice = (): FaultOffice => ({ ...office(), served: servedNames() })
  return {
    ...labThings({ ...issuing, lab: office, ca }),
    clock: {
      read: async () => readClock(office()),
      put: async (wanted) => putClock(office(), wanted),
      advance: async (by) => advanceClock(office(), { by }),
    },
    faults: {
      put: async (name, wanted) => putFault(faultOffice(), name, wanted),
      list: async () => listFaults(faultOffice()),
      remove: async (name) => removeFault(faultOffice(), name),
      catalogue: () => catalogue,
    },
    servers: {
      list: async () => listServers(office()),
      put: async (id, wanted) => putServer(office(), id, wanted),
      change: async (id, wanted) => changeServer(office(), id, wanted),
      pause: async (id) => changeServer(office(), id, { paused: true }),
      resume: async (id) => changeServer(office(), id, { paused: false }),
      remove: async (id) => clearServer(office(), id),
    },
    installation: {
      read: async () => readInstallationControls(office()),
      put: async (wanted) => putInstallationControls(office(), wanted),
      change: async (wanted) => changeInstallationControls(office(), wanted),
      remove: async () => clearInstallationControls(office()),
    },
    journal: labJournal(office),
    export: async () =>
      exportSeed({ store: issuing.store, lab: office(), served: servedNames(), endpoints: endpointPaths }),
    stateHash: async () => (await readStateHash(office())).hash,
    explain: async (bytes) => {
      office()
      return explainBytes(issuing, bytes)
    },
    documents: {
      list: async (filter = {}, { limit = 100, skip = 0 } = {}) => listDocuments(office(), filter, { limit, skip }),
      find: async (hash) => findDocument(office(), hash),
      text: async (hash) => (await documentText(office(), hash)).text,
      explain: async (hash) => explainDocument(office(), issuing, hash),
      clear: async () => forgetDocuments(office()),
    },
    issue: async (wanted) => {
      office()
      return issue(issuing, wanted)
    },
    reset: async () => resetLab(office()),
    snapshots: labSnapshots(office),
    read: async () => readLab(office()),
    clear: async () => clearLab(office()),
  }
}
