/**
 * What the nodes of a cluster share: ServerConfiguration, [MS-RMPR] 3.1.1.1.1, as JSON. Times are seconds, public keys the base64 of
 * the little-endian modulus (exponent 65537). Three fields of the specification live elsewhere: keyPair (sealed, in the cluster
 * row), the templates (a table of their own) and plCache (run time only).
 */

import { capacityLimits, longestQueue, serviceDistributions, type EmulatedServer } from '../sizing/emulated-server.js'

/** An application that licenses tell clients to refuse; every use license carries one exclusion POLICY for each. */
export interface ApplicationExclusion {
  readonly minimumVersion: string
  readonly maximumVersion: string
  readonly filename: string
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
  readonly creationTimeToleranceSeconds: number
  readonly racValidityTimeSeconds: number
  readonly tempRacValidityTimeSeconds: number
  readonly federatedRacValidityTimeSeconds: number
  /** How far VALIDITYTIME FROM lies before the time of issue. */
  readonly certificateValidityTimeToleranceSeconds: number
  readonly persistRac: boolean
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
  readonly noRightsCacheEnabled: boolean
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
  readonly revocationType: 'StandardRevocation' | 'CustomRevocation'
  readonly revocationAuthorities: readonly string[]
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

/**
 * A configuration with the defaults of [MS-RMPR] 3.1.3.3, except two: the refresh interval is 1 s (Windows: 30 s), so that a change
 * shows at once, and the validity tolerance is 1 day, as every published genuine certificate shows (the text says 15 minutes).
 */
export function defaultConfiguration(
  own: RequiredConfiguration & Partial<ServerConfiguration>,
  serviceGroup = 'CONTOSO\\RMS Service Group',
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
    creationTimeToleranceSeconds: 15 * day,
    racValidityTimeSeconds: 365 * day,
    tempRacValidityTimeSeconds: 15 * minute,
    federatedRacValidityTimeSeconds: day,
    certificateValidityTimeToleranceSeconds: day,
    persistRac: false,
    licensingUrl: null,
    certificationUrl: null,
    externalCertificationUrl: null,
    externalLicensingUrl: null,
    extranetListener: null,
    federationEnabled: false,
    serverDecommissioned: false,
    noRightsCacheEnabled: true,
    onlinePublishingEnabled: true,
    trustedLicensingServers: [],
    trustedForests: [],
    maxCrossForestCalls: 10,
    superUserEnabled: false,
    superUserGroup: null,
    revocationType: 'StandardRevocation',
    revocationAuthorities: [],
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

/** A configuration document that cannot be used; the message names the field. */
export class InvalidConfiguration extends Error {
  override readonly name = 'InvalidConfiguration'
}

/** Says what is expected when the value is not that, and nothing when it is fine. */
type Check = (value: unknown) => string | undefined

const check =
  (expected: string, fits: (value: unknown) => boolean): Check =>
  (value) =>
    fits(value) ? undefined : expected

const flag = check('true or false', (value) => typeof value === 'boolean')
const wholeNumber = (lowest: number, highest: number): Check => {
  const fits = (value: unknown): boolean =>
    Number.isInteger(value) && Number(value) >= lowest && Number(value) <= highest
  return check(`a whole number from ${lowest} to ${highest}`, fits)
}
const seconds = wholeNumber(0, 100 * 365 * day)
const text = (longest: number): Check =>
  check(
    `text of 1 to ${longest} characters`,
    (value) => typeof value === 'string' && value !== '' && value.length <= longest,
  )
const oneOf = (...values: readonly unknown[]): Check =>
  check(`one of ${values.join(', ')}`, (value) => values.includes(value))
const matching = (expected: string, pattern: RegExp): Check =>
  check(expected, (value) => typeof value === 'string' && value.length <= 4096 && pattern.test(value))
const orNull =
  (inner: Check): Check =>
  (value) => {
    const expected = value === null ? undefined : inner(value)
    return expected === undefined ? undefined : `${expected}, or null`
  }
const listOf =
  (inner: Check, most: number): Check =>
  (value) => {
    if (!Array.isArray(value) || value.length > most) return `a list of at most ${most} items`
    const wrong = value.map(inner).find((expected) => expected !== undefined)
    return wrong === undefined ? undefined : `a list, each item ${wrong}`
  }
const record =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) => {
    if (!isRecord(value)) return 'an object'
    const unknown = Object.keys(value).find((name) => !Object.hasOwn(checks, name))
    if (unknown !== undefined) return `an object without ${JSON.stringify(unknown)}`
    for (const [name, inner] of Object.entries(checks)) {
      const expected = inner(value[name])
      if (expected !== undefined) return `an object whose ${name} is ${expected}`
    }
    return undefined
  }

const publicKey = matching(
  'the base64 text of a modulus',
  /^(?:[A-Za-z0-9+/]{4}){16,700}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
)
const version = matching('a version of 1 to 4 numbers such as 6.3.0.0', /^\d{1,9}(?:\.\d{1,9}){0,3}$/)
const versionSpan = matching(
  'a span of versions such as 0-2.1.5.2600',
  /^\d{1,9}(?:\.\d{1,9}){0,3}-\d{1,9}(?:\.\d{1,9}){0,3}$/,
)
const url = matching('an http(s) URL without a slash at the end', /^https?:\/\/[^\s/?#]+(?:\/[^\s/?#]+)*$/i)
const anyUrl = matching('an http(s) URL', /^https?:\/\/[^\s"\\]+$/i)
const chain = listOf(text(1_000_000), 30)

const checks: Readonly<Record<keyof ServerConfiguration, Check>> = {
  configurationVersion: wholeNumber(0, 1_000_000),
  configurationRefreshIntervalSeconds: wholeNumber(1, day),
  serverVersion: version,
  serverName: text(256),
  serverSKU: text(256),
  cryptographicMode: oneOf(1, 2),
  trustedSpcCAKeys: listOf(publicKey, 100),
  slc: chain,
  applicationExclusionPolicy: listOf(
    record({ minimumVersion: version, maximumVersion: version, filename: text(256) }),
    1000,
  ),
  osExclusionEnabled: flag,
  osExclusionPolicy: versionSpan,
  spcExclusionPolicy: orNull(version),
  racExclusionPolicy: orNull(listOf(publicKey, 100_000)),
  creationTimeToleranceSeconds: seconds,
  racValidityTimeSeconds: seconds,
  tempRacValidityTimeSeconds: seconds,
  federatedRacValidityTimeSeconds: seconds,
  certificateValidityTimeToleranceSeconds: seconds,
  persistRac: flag,
  baseUrl: url,
  licensingUrl: orNull(url),
  certificationUrl: orNull(url),
  externalCertificationUrl: orNull(url),
  externalLicensingUrl: orNull(url),
  extranetListener: orNull(url),
  federationEnabled: flag,
  serverDecommissioned: flag,
  noRightsCacheEnabled: flag,
  onlinePublishingEnabled: flag,
  trustedRacIssuers: listOf(publicKey, 1000),
  trustedLicensingServers: listOf(
    record({ slc: chain, publicKey, sealedKeyPair: text(10_000), templates: listOf(text(1_000_000), 1000) }),
    100,
  ),
  trustedForests: listOf(
    record({
      domain: matching('a mail domain in lower case', /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/),
      url,
      user: orNull(text(256)),
      sealedPassword: orNull(text(10_000)),
    }),
    100,
  ),
  maxCrossForestCalls: wholeNumber(1, 100),
  superUserEnabled: flag,
  superUserGroup: orNull(matching('a mail address', /^[^\s@]{1,64}@[^\s@]{1,255}$/)),
  revocationType: oneOf('StandardRevocation', 'CustomRevocation'),
  revocationAuthorities: listOf(publicKey, 100),
  invertPersistent: flag,
  emulatedServer: orNull(
    record({
      operationsPerSecond: check(
        `a number from ${capacityLimits.minimum} to ${capacityLimits.maximum}`,
        (value) => typeof value === 'number' && value >= capacityLimits.minimum && value <= capacityLimits.maximum,
      ),
      serviceDistribution: oneOf(...serviceDistributions),
      queueLimit: wholeNumber(0, longestQueue),
    }),
  ),
  admittedGroups: (value) => {
    if (!isRecord(value)) return 'an object of lists of group names'
    const paths = Object.keys(value)
    if (paths.length > 100) return 'an object of at most 100 endpoints'
    const odd = paths.find((path) => !/^\/[a-z0-9/.]{1,200}$/.test(path))
    if (odd !== undefined)
      return `an object by path in lower case such as /certification/server.asmx, not ${JSON.stringify(odd)}`
    return paths.map((path) => listOf(text(256), 1000)(value[path])).find((expected) => expected !== undefined)
  },
  devicePlatforms: orNull(listOf(text(64), 100)),
  tokenIssuer: orNull(
    record({
      issuer: anyUrl,
      authorizationUrl: anyUrl,
      jwks: check('a JWKS as JSON text, of public keys', isPublicJwks),
    }),
  ),
  automaticSignIn: flag,
}

/**
 * Reads a configuration document (JSON text as configurationText writes it). Every field must be there and no other.
 * @throws InvalidConfiguration naming the first field that is wrong, and what it should be
 */
export function parseConfiguration(json: string): ServerConfiguration {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    throw new InvalidConfiguration(
      `The configuration is not JSON: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  return checkConfiguration(value)
}

/**
 * The same value, when it is a configuration.
 * @throws InvalidConfiguration
 */
export function checkConfiguration(value: unknown): ServerConfiguration {
  if (!isRecord(value)) throw new InvalidConfiguration('The configuration is not an object')
  const unknown = Object.keys(value).find((name) => !Object.hasOwn(checks, name))
  if (unknown !== undefined) {
    throw new InvalidConfiguration(`The configuration has an unknown field ${JSON.stringify(unknown)}: remove it`)
  }
  for (const [name, expectation] of Object.entries(checks)) {
    if (!Object.hasOwn(value, name)) throw new InvalidConfiguration(`The configuration lacks the field ${name}`)
    const expected = expectation(value[name])
    if (expected !== undefined) {
      throw new InvalidConfiguration(
        `The configuration field ${name} is ${excerpt(value[name])}: it must be ${expected}`,
      )
    }
  }
  return value as unknown as ServerConfiguration
}

/** The JSON text of a configuration. */
export function configurationText(configuration: ServerConfiguration): string {
  return JSON.stringify(configuration)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const longestJwks = 100_000

/** A private or symmetric key in it would be in every copy of the configuration: it is refused. */
function isPublicJwks(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > longestJwks) return false
  try {
    const keys: unknown = (JSON.parse(value) as { keys?: unknown } | null)?.keys
    return (
      Array.isArray(keys) &&
      keys.length > 0 &&
      keys.length <= 100 &&
      keys.every((key) => isRecord(key) && typeof key['kty'] === 'string' && !('d' in key) && !('k' in key))
    )
  } catch {
    return false
  }
}

/** Enough of a wrong value to find it again. */
function excerpt(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value)
  return json.length > 80 ? `${json.slice(0, 80)}…` : json
}
