/** Which applications and device platforms are served: by what a client says of itself in x-ms-rms-platform-id (rest-mde 3, 8). */
import type { ApplicationExclusion } from '../../cluster/configuration.js'
import type { ServerState } from '../../cluster/server-state.js'
import { refuseRest } from '../../rest-exceptions.js'

/** Names that clients of Microsoft have used: one that is not served is disabled, any other is not recognized. */
const knownPlatforms = [
  'WindowsStore',
  'WindowsPhone',
  'WindowsDesktop',
  'Windows',
  'iOS',
  'Mac',
  'OSX',
  'Android',
  'Web',
  'Linux',
]

/**
 * The text is free and may be missing: by default everybody is served.
 * @throws RestException
 */
export function requireAdmittedClient({
  state,
  platform,
}: {
  readonly state: ServerState
  readonly platform: string
}): void {
  const { applicationExclusionPolicy, devicePlatforms } = state.configuration
  const said = readPlatform(platform)
  const excluded = applicationExclusionPolicy.find((policy) =>
    isExcluded(policy, said.get('appname'), said.get('appversion')),
  )
  if (excluded !== undefined) {
    refuseRest(
      'ServiceDisabledForApplication',
      `${said.get('appname')} ${said.get('appversion')} is excluded: ${excluded.filename} from ${excluded.minimumVersion} to ${excluded.maximumVersion}`,
      {
        rule: 'the application is not excluded',
        wanted: `a version outside of ${excluded.minimumVersion} to ${excluded.maximumVersion}`,
        found: `${said.get('appname')} ${said.get('appversion')}`,
      },
    )
  }
  if (devicePlatforms !== null) requirePlatform(said.get('deviceplatform') ?? '', devicePlatforms)
}

function requirePlatform(platform: string, served: readonly string[]): void {
  if (named(platform, served)) return
  const why = `the device platform is "${platform.slice(0, 64)}", served are ${served.join(', ') || 'none'}`
  refuseRest(named(platform, knownPlatforms) ? 'DevicePlatformDisabled' : 'DevicePlatformNotRecognized', why, {
    rule: 'the device platform is served',
    wanted: served.join(', ') || 'none is served',
    found: platform.slice(0, 64) || 'none',
    about: { kind: 'word', asked: platform.slice(0, 64), known: served },
  })
}

function named(name: string, names: readonly string[]): boolean {
  return names.some((other) => other.toLowerCase() === name.toLowerCase())
}

/** Names in lower case. */
function readPlatform(text: string): ReadonlyMap<string, string> {
  const parts = text
    .slice(0, 1000)
    .split(';')
    .map((part) => part.split('='))
  return new Map(parts.map(([name = '', ...value]) => [name.trim().toLowerCase(), value.join('=').trim()]))
}

/** Whether the file name of the policy is that of the application, with or without `.exe`, and the version in its span, bounds included. */
function isExcluded(
  { filename, minimumVersion, maximumVersion }: ApplicationExclusion,
  name: string | undefined,
  version: string | undefined,
): boolean {
  const plain = (text: string): string => text.toLowerCase().replace(/\.exe$/, '')
  if (
    name === undefined ||
    plain(name) !== plain(filename) ||
    version === undefined ||
    !/^\d{1,9}(\.\d{1,9}){0,3}$/.test(version)
  )
    return false
  return difference(version, minimumVersion) >= 0 && difference(version, maximumVersion) <= 0
}

function difference(one: string, other: string): number {
  const [left, right] = [one, other].map((text) => text.split('.').map(Number))
  return [0, 1, 2, 3].map((index) => (left?.[index] ?? 0) - (right?.[index] ?? 0)).find((found) => found !== 0) ?? 0
}
