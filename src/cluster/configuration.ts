/**
 * What the nodes of a cluster share: ServerConfiguration, [MS-RMPR] 3.1.1.1.1, as JSON. Times are seconds, public keys the base64 of
 * the little-endian modulus (exponent 65537). Three fields of the specification live elsewhere: keyPair (sealed, in the cluster
 * row), the templates (a table of their own) and plCache (run time only).
 */

import type { EmulatedServer } from '../sizing/emulated-server.js'
import { serviceGroupOf } from '../directory/forest.js'
import { seedForest } from '../directory/seed.js'
import type { RegisteredClient } from './oauth-clients.js'

/** An application that licenses tell clients to refuse; every use license carries one exclusion POLICY for each. */
export interface ApplicationExclusion {
  readonly minimumVersion: string
  readonly maximumVersion: string
  readonly filename: string
}

export interface ExcludedAccount {
  readonly publicKey: string
  /** `CONTOSO\mallory` */
  readonly account: string | null
  /** ISO 8601. */
  readonly since: string
}

/** A trusted publishing domain: its publishing licenses are licensed here as if they were our own. */
export interface TrustedLicensingServer {
  /** Its SLC chain, leaf first. */
  readonly slc: readonly string[]
  readonly publicKey: string
  /** Its key pair, sealed under our cluster key (crypto/at-rest.ts) for the purpose `trusted-licensing-server:<publicKey>`. */
  readonly sealedKeyPair: string
  /** Its signed templates. */
  readonly templates: readonly string[]
}

/** A sign-in service outside of the installation, whose access tokens count instead of our own. */
export interface TrustedTokenIssuer {
  /** `iss` of its tokens. */
  readonly issuer: string
  /** Where clients are sent to sign in. */
  readonly authorizationUrl: string
  /** Its public keys: a JWKS as JSON. */
  readonly jwks: string
}

/** Another forest: its RMS server is asked who is in its groups ([MS-RMPRS] 3.5). */
export interface ForestTrust {
  /** Mail domain of its groups, in lower case: `fabrikam.test`. */
  readonly domain: string
  /** Its GroupExpansion.asmx. */
  readonly url: string
  /** An account that it admits there; null: our own service account. */
  readonly user: string | null
  /** The password, sealed under our cluster key for the purpose `trusted-forest:<domain>`. */
  readonly sealedPassword: string | null
  /** SLC key of its root, where it is a partner: that of the trusted user domain which goes with it. */
  readonly licensor?: string
}

export interface ServerConfiguration {
  /** 0 at installation, +1 on every change, see nextVersion. */
  readonly configurationVersion: number
  readonly configurationRefreshIntervalSeconds: number
  readonly serverVersion: string
  readonly serverName: string
  readonly serverSKU: string
  readonly cryptographicMode: 1 | 2
  readonly trustedSpcCAKeys: readonly string[]
  /** The server licensor certificate chain: XrML documents, leaf first. */
  readonly slc: readonly string[]
  readonly applicationExclusionPolicy: readonly ApplicationExclusion[]
  readonly osExclusionEnabled: boolean
  /** Version span `lowest-highest`. */
  readonly osExclusionPolicy: string
  /** Lowest security processor version that is served. */
  readonly spcExclusionPolicy: string | null
  /** Public keys of excluded RACs. */
  readonly racExclusionPolicy: readonly string[] | null
  /** Whose keys those of racExclusionPolicy are, where that is known, and since when they stand there. */
  readonly excludedAccounts: readonly ExcludedAccount[]
  /**
   * What becomes of content whose template this cluster does not have (any more). [MS-RMPR] 3.4.4.1 leaves it open; the genuine
   * product makes it unusable, which is what tells deleting a template from archiving it.
   */
  readonly deletedTemplates: 'refuse' | 'publishing-license'
  readonly creationTimeToleranceSeconds: number
  readonly racValidityTimeSeconds: number
  readonly tempRacValidityTimeSeconds: number
  /** How far VALIDITYTIME FROM lies before the time of issue. */
  readonly certificateValidityTimeToleranceSeconds: number
  /** Such as `http://127.0.0.1:7000/_wmcs`, without a slash at the end. */
  readonly baseUrl: string
  readonly licensingUrl: string | null
  /** As licensingUrl, for certification; at a licensing-only cluster in place of the service connection point (GicURL in the registry of Windows). */
  readonly certificationUrl: string | null
  readonly externalCertificationUrl: string | null
  readonly externalLicensingUrl: string | null
  /** Where the extranet listener of the cluster's balancer is, without a path; the external URLs follow it while they name it. */
  readonly extranetListener: string | null
  readonly federationEnabled: boolean
  readonly serverDecommissioned: boolean
  readonly onlinePublishingEnabled: boolean
  /** SLC public keys of trusted user domains, our own (at a licensing-only cluster: the root's) among them. */
  readonly trustedRacIssuers: readonly string[]
  readonly trustedLicensingServers: readonly TrustedLicensingServer[]
  readonly trustedForests: readonly ForestTrust[]
  /** Servers that one group expansion may involve (Windows: MaxCrossForestCalls, product note 23). */
  readonly maxCrossForestCalls: number
  readonly superUserEnabled: boolean
  /** Mail address of the group whose members get full access. */
  readonly superUserGroup: string | null
  /** Turns the meaning of `Persistent` in Certify round: [MS-RMPR] 3.3.4.1 and 3.3.4.1.3.1 contradict each other. */
  readonly invertPersistent: boolean
  /** The server that each node behaves like; null: as fast as the machine is. */
  readonly emulatedServer: EmulatedServer | null
  /**
   * The access list of each endpoint: names of accounts or groups (`CONTOSO\RMS Service Group`) by the path under baseUrl in lower
   * case (`/certification/subenrollservice.asmx`). An endpoint without an entry admits everyone; an empty list admits no one.
   */
  readonly admittedGroups: Readonly<Record<string, readonly string[]>>
  /** Device platforms that REST serves, as clients name them; null: every one. */
  readonly devicePlatforms: readonly string[] | null
  /** null: tokens of the installation's own sign-in service count. */
  readonly tokenIssuer: TrustedTokenIssuer | null
  /** Applications that our own sign-in service knows besides those of Microsoft. */
  readonly oauthClients: readonly RegisteredClient[]
  /** Whether the sign-in page takes login_hint at its word, without a password: for tests. */
  readonly automaticSignIn: boolean
}

/** What every installation has to say for itself; all other fields have a default. */
export type RequiredConfiguration = Pick<
  ServerConfiguration,
  'serverName' | 'baseUrl' | 'cryptographicMode' | 'slc' | 'trustedSpcCAKeys' | 'trustedRacIssuers'
>

const minute = 60
const day = 24 * 60 * minute

/** Windows admits SYSTEM alone to these; here it is the group of the servers' own accounts. */
export const serverEndpoints: readonly string[] = [
  '/certification/subenrollservice.asmx',
  '/certification/servercertification.asmx',
  '/certification/mobilecertification.asmx',
  '/licensing/editissuancelicense.asmx',
  '/groupexpansion/groupexpansion.asmx',
  '/drmremote/directoryservices/directoryservices.rem',
  '/decommission/decommission.asmx',
]

/** Fields that documents of the present schema may lack, with what counts then. */
export const addedSinceSchema3 = { excludedAccounts: [], deletedTemplates: 'refuse', oauthClients: [] } as const

/** Fields that such documents may have still: they stand in [MS-RMPR] 3.1.1.1.1, and no client could notice what was set. */
export const removedSinceSchema3: readonly string[] = [
  'federatedRacValidityTimeSeconds',
  'persistRac',
  'noRightsCacheEnabled',
  'revocationType',
  'revocationAuthorities',
]

/**
 * A configuration with the defaults of [MS-RMPR] 3.1.3.3, except two: the refresh interval is 1 s (Windows: 30 s), so that a change
 * shows at once, and the validity tolerance is 1 day, as every published genuine certificate shows (the text says 15 minutes).
 */
export function defaultConfiguration(
  own: RequiredConfiguration & Partial<ServerConfiguration>,
  serviceGroup = serviceGroupOf(seedForest),
): ServerConfiguration {
  return {
    configurationVersion: 0,
    configurationRefreshIntervalSeconds: 1,
    serverVersion: '6.3.0.0',
    serverSKU: 'RMS 2.0',
    applicationExclusionPolicy: [],
    osExclusionEnabled: false,
    osExclusionPolicy: '0-2.1.5.2600',
    spcExclusionPolicy: null,
    racExclusionPolicy: null,
    ...addedSinceSchema3,
    creationTimeToleranceSeconds: 15 * day,
    racValidityTimeSeconds: 365 * day,
    tempRacValidityTimeSeconds: 15 * minute,
    certificateValidityTimeToleranceSeconds: day,
    licensingUrl: null,
    certificationUrl: null,
    externalCertificationUrl: null,
    externalLicensingUrl: null,
    extranetListener: null,
    federationEnabled: false,
    serverDecommissioned: false,
    onlinePublishingEnabled: true,
    trustedLicensingServers: [],
    trustedForests: [],
    maxCrossForestCalls: 10,
    superUserEnabled: false,
    superUserGroup: null,
    invertPersistent: false,
    emulatedServer: null,
    devicePlatforms: null,
    tokenIssuer: null,
    automaticSignIn: false,
    // Nobody may enroll a licensing server until an administrator grants it, as on Windows.
    admittedGroups: {
      ...Object.fromEntries(serverEndpoints.map((endpoint) => [endpoint, [serviceGroup]])),
      '/certification/subenrollservice.asmx': [],
    },
    ...own,
  }
}

/** Where a root certifies accounts. */
export function certificationUrlOf({
  certificationUrl,
  baseUrl,
}: Pick<ServerConfiguration, 'certificationUrl' | 'baseUrl'>): string {
  return certificationUrl ?? `${baseUrl}/certification`
}

/** The version after `version`: one more, and 1 again above 1 000 000 ([MS-RMPR] 3.1.6.1). */
export function nextVersion(version: number): number {
  return version + 1 > 1_000_000 ? 1 : version + 1
}

/** The JSON text of a configuration. */
export function configurationText(configuration: ServerConfiguration): string {
  return JSON.stringify(configuration)
}
