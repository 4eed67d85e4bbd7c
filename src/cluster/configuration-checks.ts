/** Whether a value is a configuration: what each field must be, and the first that is not. */
import { capacityLimits, longestQueue, serviceDistributions } from '../sizing/emulated-server.js'
import { addedSinceSchema3, removedSinceSchema3, type ServerConfiguration } from './configuration.js'
import { isClientId, isRedirectUri, redirectUriForm } from './oauth-clients.js'

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
const day = 24 * 60 * 60
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
const orLeftOut =
  (inner: Check): Check =>
  (value) =>
    value === undefined ? undefined : inner(value)
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
  excludedAccounts: listOf(
    record({
      publicKey,
      account: orNull(text(256)),
      since: matching('an ISO 8601 time', /^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    }),
    100_000,
  ),
  deletedTemplates: oneOf('refuse', 'publishing-license'),
  creationTimeToleranceSeconds: seconds,
  racValidityTimeSeconds: seconds,
  tempRacValidityTimeSeconds: seconds,
  certificateValidityTimeToleranceSeconds: seconds,
  baseUrl: url,
  licensingUrl: orNull(url),
  certificationUrl: orNull(url),
  externalCertificationUrl: orNull(url),
  externalLicensingUrl: orNull(url),
  extranetListener: orNull(url),
  federationEnabled: flag,
  serverDecommissioned: flag,
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
      licensor: orLeftOut(publicKey),
    }),
    100,
  ),
  maxCrossForestCalls: wholeNumber(1, 100),
  superUserEnabled: flag,
  superUserGroup: orNull(matching('a mail address', /^[^\s@]{1,64}@[^\s@]{1,255}$/)),
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
  oauthClients: listOf(
    record({
      id: check('printable ASCII of at most 200 characters', isClientId),
      redirectUris: listOf(check(redirectUriForm, isRedirectUri), 100),
    }),
    1000,
  ),
  automaticSignIn: flag,
}

/**
 * Reads a configuration document (JSON text as configurationText writes it). Every field must be there and no other, but for those that
 * came or went without a change of the schema.
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
  if (!isRecord(value)) return checkConfiguration(value)
  const kept = Object.entries(value).filter(([name]) => !removedSinceSchema3.includes(name))
  return checkConfiguration({ ...addedSinceSchema3, ...Object.fromEntries(kept) })
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
