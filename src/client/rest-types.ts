/** What a user can do at the REST services of a cluster, and what `connectRest` needs to know. */
import type { CipherMode, SymmetricKey } from '../crypto/content-key.js'
import type { Clock } from '../effects.js'
import type { Step } from './context.js'
import type { OpenedFile } from './rms-client.js'
import type { OwnRights } from './rights-policy.js'

export interface RestOptions {
  /** Any address of a cluster: `http://rms.contoso.test`, with or without `/_wmcs` or `/my/v2`. */
  readonly url: string
  /** Mail address, or `CONTOSO\alice`: who signs in where the server says. */
  readonly user?: string | undefined
  readonly password?: string | undefined
  /** An access token from elsewhere, instead of user and password. */
  readonly token?: string | undefined
  /** Host names, besides that of the cluster, that the password may be sent to when the server names them as its sign-in service. */
  readonly signInHosts?: readonly string[]
  /** Certificates in PEM that the certificate of an https server may lead to; those of Node.js when left out. */
  readonly ca?: string | undefined
  /** Preferred languages of names and descriptions, as in Accept-Language. */
  readonly languages?: string
  readonly clock?: Clock
  /** For each call; 30 s unless told. */
  readonly timeoutMilliseconds?: number | undefined
  readonly userAgent?: string
  /** Told of every finished step. */
  readonly onStep?: (step: Step) => void
}

/** Addresses of the services, by their names in discovery. */
export type RestServices = ReadonlyMap<string, string>

export interface RestTemplate {
  readonly id: string
  readonly name: string
  readonly description: string
}

/** Who may do what: by a template, by rights, or by roles. */
export type RestPolicy =
  | { readonly templateId: string }
  | OwnRights
  | {
      readonly roles: readonly {
        /** Mail address. */
        readonly to: string
        /** VIEWER, REVIEWER, AUTHOR, COOWNER. */
        readonly roles: readonly string[]
      }[]
    }

export interface RestPublishOptions {
  /** ECB where the content must be read by programs that know nothing else; CBC4K unless told. */
  readonly cipherMode?: Extract<CipherMode, 'ECB' | 'CBC4K'> | undefined
}

/** Published content: license and key. */
export interface RestPublished {
  /** The publishing license as text. */
  readonly text: string
  readonly contentId: string
  readonly contentKey: SymmetricKey
  readonly owner: string
}

/** An end-user license that grants. */
export interface RestLicense {
  readonly contentKey: SymmetricKey
  /** OWNER stands for all. */
  readonly rights: readonly string[]
  readonly owner: string
  readonly issuedTo: string
  readonly fromTemplate: boolean
  readonly validUntil: Date | undefined
}

export interface RestClient {
  /** Where the services are: for the user's own organization, or for a licensing URL out of a publishing license. */
  discover(licensingUrl?: string): Promise<RestServices>
  templates(): Promise<readonly RestTemplate[]>
  publish(policy: RestPolicy, options?: RestPublishOptions): Promise<RestPublished>
  /**
   * @param pl a publishing license, text or bytes as they stand in a file
   * @throws AccessDenied
   */
  acquireLicense(pl: string | Uint8Array): Promise<RestLicense>
  /** A whole file as `.pfile`. */
  protectFile(plain: Uint8Array, extension: string, policy: RestPolicy, options?: RestPublishOptions): Promise<Buffer>
  /** Acquires a license and decrypts. @throws AccessDenied */
  openFile(bytes: Uint8Array): Promise<Pick<OpenedFile, 'plain' | 'rights' | 'extension'>>
}
