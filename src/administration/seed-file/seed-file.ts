/**
 * What a seed file says: how an installation is when it has started. What is left out is as in an installation without one. Nothing in it is a place on
 * a machine, so that the same file makes the same lab anywhere.
 */
import type { ApplicationExclusion, ServerConfiguration } from '../../cluster/configuration.js'
import type { TemplateState } from '../../cluster/store/template-store.js'
import type { ClockWanted } from '../lab/clock.js'
import type { FaultWanted } from '../lab/faults.js'
import type { PublishingDomainFile } from '../publishing-domain-file.js'
import type { TemplateBody } from '../templates.js'
import type { ForestWanted } from '../trusted-forests.js'

export interface SeedFile {
  /** Of JSON files, for editors. */
  readonly $schema?: string
  /** DNS name of the forest; that of --forest when left out, or contoso.test. */
  readonly forest?: string
  /**
   * Whether the accounts, groups and templates that every installation starts with are there beside those of the file, as when it is left out. Without
   * them, only what servers need of themselves is: the service account and its group, and Domain Users.
   */
  readonly builtIn?: boolean
  readonly accounts?: readonly SeedAccount[]
  readonly groups?: readonly SeedGroup[]
  /** All of them: there is no other one. */
  readonly clusters?: readonly SeedCluster[]
  /** What all that clients see follows from. */
  readonly seed?: number | string
  readonly clock?: ClockWanted
  /** By name, as `PUT /lab/faults/NAME` takes them. */
  readonly faults?: Readonly<Record<string, FaultWanted>>
}

/** One of the name of a built-in account takes its place. */
export interface SeedAccount {
  readonly name: string
  readonly mail?: string
  readonly proxyAddresses?: readonly string[]
  /** That of all accounts of the lab when left out. */
  readonly password?: string
  readonly enabled?: boolean
  /** Made from the name when left out: the same one each time. */
  readonly sid?: string
  readonly sidHistory?: readonly string[]
  /** That it is a direct member of, beside what the groups say. */
  readonly groups?: readonly string[]
}

/** One of the name of a built-in group takes its place. */
export interface SeedGroup {
  readonly name: string
  readonly mail?: string
  readonly proxyAddresses?: readonly string[]
  readonly sid?: string
  /** Accounts and groups, by name, mail address or SID. Those of a built-in group stay when it is left out. */
  readonly members?: readonly string[]
}

export interface SeedCluster {
  readonly name: string
  /** Follows from the name: the root cluster is called root. */
  readonly kind?: 'root' | 'licensing'
  /** 1 when left out. */
  readonly servers?: number
  /** Of the root: all clusters of a forest have its mode. */
  readonly mode?: 1 | 2
  /** Public URL, without /_wmcs. */
  readonly url?: string
  readonly templates?: readonly SeedTemplate[]
  readonly superUsers?: { readonly group: string; readonly enabled?: boolean }
  readonly exclusion?: {
    readonly applications?: readonly ApplicationExclusion[]
    readonly accounts?: readonly SeedExcludedKey[]
    /** Lowest version that is served. */
    readonly securityProcessor?: string
  }
  /** Access lists by endpoint: names and mail addresses, or all of them. */
  readonly access?: Readonly<Record<string, readonly string[] | 'everybody'>>
  readonly trust?: {
    readonly userDomains?: readonly ({ readonly certificate: string } | { readonly publicKey: string })[]
    readonly publishingDomains?: readonly { readonly file: PublishingDomainFile; readonly password: string }[]
    readonly forests?: readonly ForestWanted[]
  }
  /** As `PATCH /clusters/NAME/configuration` takes them; see seedSettings. */
  readonly settings?: Partial<Pick<ServerConfiguration, SeedSetting>>
}

export interface SeedExcludedKey {
  readonly publicKey: string
  /** Whose key it is, for people. */
  readonly account?: string
  readonly since?: string
}

export interface SeedTemplate extends Omit<TemplateBody, 'grants' | 'applicationData'> {
  readonly guid: string
  readonly state?: TemplateState
  readonly grants: readonly {
    readonly to: string
    readonly rights: readonly string[]
    /** false: nobody needs to have the address. */
    readonly known?: boolean
  }[]
  /** Names of rights that no specification has: those of applications. */
  readonly customRights?: readonly string[]
  readonly applicationData?: TemplateBody['applicationData']
}

/** Settings of a cluster that stand in a seed file; others have a place of their own there, or are said at each start. */
export const seedSettings = [
  'osExclusionEnabled',
  'osExclusionPolicy',
  'deletedTemplates',
  'creationTimeToleranceSeconds',
  'racValidityTimeSeconds',
  'tempRacValidityTimeSeconds',
  'certificateValidityTimeToleranceSeconds',
  'certificationUrl',
  'licensingUrl',
  'externalCertificationUrl',
  'externalLicensingUrl',
  'federationEnabled',
  'serverDecommissioned',
  'onlinePublishingEnabled',
  'maxCrossForestCalls',
  'devicePlatforms',
  'tokenIssuer',
  'oauthClients',
] as const

export type SeedSetting = (typeof seedSettings)[number]

/** Characters. */
export const largestSeedFile = 8 * 1024 * 1024
export const mostAccounts = 20_000
export const mostGroups = 5000
export const mostMembers = 20_000
export const mostClusters = 64
export const mostTemplates = 200

/** How the root cluster of an installation is called. */
export const rootName = 'root'
