/** The VersionData header of every RMS message ([MS-RMPR] 2.2.3.3, 2.2.4.2, 3.1.4.6; [MS-RMSI] 3.1.4.1). */
import { refuse } from '../exceptions.js'
import { child } from '../xml/read.js'
import type { XmlElement } from '../xml/read.js'
import { element, text } from '../xml/write.js'
import type { Markup } from '../xml/write.js'
import type { SoapEnvelope } from './envelope.js'
import { readParameters, type Leniency, type ParameterReading } from './parameters.js'
import type { Profile } from './profile.js'
import { optional, sequence } from './schema.js'
import { quoted } from './soap-problem.js'

/** Versions are four numbers from 0 to 65535, `a.b.c.d`, in plain decimal. */
export interface VersionData {
  readonly minimum: string
  readonly maximum: string
}

/** Of the header, as in the WSDL of each service. */
export const versionDataType = sequence(
  'VersionData',
  optional('MinimumVersion', 'string'),
  optional('MaximumVersion', 'string'),
)

/** What Windows Server 2008 R2 SP1 and later answer ([MS-RMPR] note <1>). */
export const serverVersions: VersionData = { minimum: '1.0.0.0', maximum: '1.2.0.0' }

/** What a client sends that asks for nothing special ([MS-RMPR] 2.2.4.2). */
export const plainVersions: VersionData = { minimum: '1.0.0.0', maximum: '1.0.0.0' }

/**
 * What the request asks for. A header of another namespace is not this service's and does not count.
 *
 * The specification requires the header, but many SOAP stacks leave it out unless told otherwise (raw WCF, suds, node-soap) and
 * GetServerInfo has none by its WSDL; 1.0.0.0 is what such a client would have sent. The same goes for half a header. Profiles differ in that.
 * @throws RmsException MalformedDataVersion, UnsupportedDataVersion; SoapProblem for a version with markup in it
 */
export function readVersionData({ headers }: SoapEnvelope, reading: ParameterReading): VersionData {
  const found = headers.find(({ name, namespace }) => name === 'VersionData' && namespace === reading.namespace)
  if (found === undefined) {
    assume(reading, 'no version header')
    return plainVersions
  }

  const header = readParameters(found, versionDataType.members, reading)
  const isWhole = ['MinimumVersion', 'MaximumVersion'].every((name) => child(header, name) !== undefined)
  if (!isWhole) assume(reading, 'half a version header')
  const { highestVersion } = reading.profile
  const minimum = readVersion(header, 'MinimumVersion')
  const maximum = readVersion(header, 'MaximumVersion')
  if (compareVersions(minimum, maximum) > 0) {
    refuse('MalformedDataVersion', `MinimumVersion ${minimum} is above MaximumVersion ${maximum}`, {
      rule: 'MinimumVersion is not above MaximumVersion',
      wanted: `at most ${maximum}`,
      found: minimum,
    })
  }
  if (compareVersions(maximum, highestVersion) > 0) {
    refuse(
      'UnsupportedDataVersion',
      `MaximumVersion ${maximum} is above ${highestVersion}, the highest of this server`,
      {
        rule: 'the server has the version',
        wanted: `at most ${highestVersion}`,
        found: maximum,
      },
    )
  }
  return { minimum, maximum }
}

/** @throws RmsException MalformedDataVersion where the profile lets it not pass */
function assume({ profile, onLenient }: ParameterReading, what: Leniency): void {
  if (profile.missingVersion === 'refused')
    refuse('MalformedDataVersion', `the request has ${what}`, {
      rule: 'every request names the versions that it wants',
      wanted: 'VersionData with MinimumVersion and MaximumVersion',
      found: what,
    })
  onLenient?.(what)
}

function readVersion(header: XmlElement, name: string): string {
  const holder = child(header, name)
  if (holder === undefined) return '1.0.0.0'
  const parts = versionParts(holder.text.trim())
  if (parts === undefined)
    refuse('MalformedDataVersion', `${name} is ${quoted(holder.text)}, not four numbers a.b.c.d up to 65535`, {
      rule: 'a version is four numbers',
      wanted: `${name} a.b.c.d, each up to 65535`,
      found: quoted(holder.text),
    })
  return parts.join('.')
}

/** Negative when `left` is the lower version, 0 when they are the same, positive otherwise. */
export function compareVersions(left: string, right: string): number {
  if (left === right) return 0
  const ours = versionParts(left)
  const theirs = versionParts(right)
  if (ours === undefined || theirs === undefined)
    throw new RangeError(`Not versions a.b.c.d: ${quoted(left)}, ${quoted(right)}`)
  const differences = ours.map((part, index) => part - (theirs[index] ?? 0))
  return differences.find((difference) => difference !== 0) ?? 0
}

function versionParts(version: string): readonly number[] | undefined {
  if (!/^\d{1,5}(\.\d{1,5}){3}$/.test(version)) return undefined
  const parts = version.split('.').map(Number)
  return parts.every((part) => part <= 65535) ? parts : undefined
}

/** What a server with this profile says that it has. */
export function versionsOf({ highestVersion }: Profile): VersionData {
  return { ...serverVersions, maximum: highestVersion }
}

/** The header as a server answers it; a client names the versions it wants. */
export function versionDataHeader(namespace: string, versions: VersionData = serverVersions): Markup {
  return element(
    'VersionData',
    { xmlns: namespace },
    element('MinimumVersion', {}, text(versions.minimum)),
    element('MaximumVersion', {}, text(versions.maximum)),
  )
}
