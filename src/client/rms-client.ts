/** What a user can do at a cluster, and what `connect` needs to know. */
import type { Chunks } from '../crypto/content-cipher.js'
import type { CryptoMode } from '../crypto/modes.js'
import type { Clock, Random } from '../effects.js'
import type { XrmlDocument } from '../xrml/document.js'
import type { TrustRoot } from '../xrml/lab-hierarchy.js'
import type { Account } from './account.js'
import type { LicenseResult } from './acquire-license.js'
import type { SignIn } from './connections.js'
import type { Template } from './acquire-templates.js'
import type { Step } from './context.js'
import type { ServerInfo, ServiceLocations } from './discover.js'
import type { License } from './license.js'
import type { Machine } from './machine.js'
import type { OpenedLicense } from './open.js'
import type { Published, PublishedOffline, PublishOptions } from './publish.js'
import type { Publisher } from './publisher.js'
import type { RightsPolicy } from './rights-policy.js'

/** Whom to connect to, as whom, and what to use for it. */
export interface ConnectOptions {
  /** Any address of a cluster: `http://rms.contoso.test/_wmcs`, the server alone, or one of its services. */
  readonly url: string
  /** `CONTOSO\alice` or `alice@contoso.test`; without user, calls are anonymous. */
  readonly user?: string
  readonly password?: string
  /** How the account signs in: `basic` with every request, `ntlm` and `negotiate` once on each connection. `basic` unless told. */
  readonly signIn?: SignIn
  /** Certificates in PEM that a server's certificate may lead to, in place of those that Node.js trusts. */
  readonly ca?: string
  /** A machine to use; a new one is activated unless given or kept. */
  readonly machine?: Machine
  /** Of a new machine; unless told, that of the cluster. */
  readonly mode?: CryptoMode
  /** The pinned root; unless told, those of the lab. */
  readonly trustRoot?: TrustRoot
  /** Keeps machine and certificates there, see `keep.ts`; one folder for each user and cluster. */
  readonly folder?: string
  /** Host names, besides those of the cluster, that the password may be sent to when a publishing license names them. */
  readonly licensingHosts?: readonly string[]
  /** Told of every finished step. */
  readonly onStep?: (step: Step) => void
  readonly timeoutMilliseconds?: number
  readonly userAgent?: string
  /** The clock of this client, in place of that of the machine: what it publishes is dated by it, and what it opens holds or has ended by it. Servers have their own. */
  readonly clock?: Clock
  readonly random?: Random
}

/** What a user has after the first steps. */
export interface Identity {
  readonly locations: ServiceLocations
  readonly machine: Machine
  readonly account: Account
  readonly publisher: Publisher
}

/** A publishing license as text or bytes, alone or with the certificates and licenses that files store behind it. */
export type PlSource = string | Uint8Array

/** How a file is protected. */
export interface ProtectOptions {
  /** Lets the server sign the publishing license instead of the CLC. */
  readonly online?: boolean
}

/** A file in clear, with the license it was opened by. */
export interface OpenedFile extends OpenedLicense {
  readonly plain: Buffer
  /** Of the original file, with its dot. */
  readonly extension: string
  readonly license: License
}

/**
 * All that a user can do at a cluster. What is needed first (discovery, machine, RAC, CLC) is done on its own, once, and again when it
 * has expired. Everything throws SoapFault when the server refuses, CallFailed when there is no answer, and VerificationFailed when
 * what came must not be used.
 */
export interface RmsClient {
  /** All first steps: discovery, machine, RAC, CLC. */
  bootstrap(): Promise<Identity>
  locations(): Promise<ServiceLocations>
  machine(): Promise<Machine>
  serverInfo(): Promise<ServerInfo>
  /** SLC chain of the licensing cluster. */
  serverCertificate(): Promise<readonly XrmlDocument[]>
  /** Always asks the server for a new RAC and goes on with it. `persistent` false: a short-lived one. */
  certify(options?: { readonly persistent?: boolean }): Promise<Account>
  /** Always asks the server for a new CLC and goes on with it. */
  getClientLicensorCert(): Promise<Publisher>
  /** Templates, those unchanged since the last time not fetched again. */
  templates(): Promise<readonly Template[]>
  /** Offline, with the CLC. */
  publish(policy: RightsPolicy, options?: PublishOptions): Promise<PublishedOffline>
  publishOnline(policy: RightsPolicy, options?: PublishOptions): Promise<Published>
  /** New rights for published content. The key stays: who has a license keeps it. */
  republish(pl: PlSource, policy: RightsPolicy): Promise<XrmlDocument>
  acquireLicense(pl: PlSource): Promise<License>
  /** One call for several contents of the same server. */
  acquireLicenses(pls: readonly PlSource[]): Promise<readonly LicenseResult[]>
  /** For somebody else, by a RAC chain from `precertify`. */
  acquireLicenseFor(licensee: readonly XrmlDocument[], pl: PlSource): Promise<License>
  acquirePreLicense(pl: PlSource, mails: readonly string[]): Promise<readonly LicenseResult[]>
  precertify(mail: string): Promise<readonly XrmlDocument[]>
  /** From a decommissioned cluster. */
  acquireContentKey(pl: PlSource): Promise<Buffer>
  /** Opens a license of this account; with the PL, the key is tried on its rights data. */
  open(license: License, pl?: PlSource): Promise<OpenedLicense>
  /** A whole file as `.pfile`. */
  protectFile(plain: Uint8Array, extension: string, policy: RightsPolicy, options?: ProtectOptions): Promise<Buffer>
  /** The same for a file that does not fit into memory. */
  protectStream(
    chunks: Chunks,
    extension: string,
    originalSize: number | undefined,
    policy: RightsPolicy,
    options?: ProtectOptions,
  ): AsyncGenerator<Buffer, void, undefined>
  /** Acquires a license, unless one is given, and decrypts. */
  openFile(bytes: Uint8Array, license?: License): Promise<OpenedFile>
  /** Ends connections that are kept; they also end by themselves, and keep no process alive. */
  close(): Promise<void>
}
