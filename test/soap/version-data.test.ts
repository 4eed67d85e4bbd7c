import t from 'tap'
import { RmsException } from '../../src/exceptions.js'
import { readEnvelope, writeEnvelope } from '../../src/soap/envelope.js'
import type { ParameterReading } from '../../src/soap/parameters.js'
import { profiles, type ProfileName } from '../../src/soap/profile.js'
import { compareVersions, readVersionData, serverVersions, versionDataHeader } from '../../src/soap/version-data.js'
import type { VersionData } from '../../src/soap/version-data.js'
import { asMarkup, element } from '../../src/xml/write.js'
import { strictly } from './strictly.js'
import { fc } from '../fixtures/property.js'

const service = 'http://microsoft.com/DRM/CertificationService'

function versionsOf(header: string | undefined, reading: Partial<ParameterReading> = {}): VersionData | string {
  const markup = header === undefined ? undefined : asMarkup(header)
  const message = readEnvelope(writeEnvelope('1.1', markup, element('C', { xmlns: service })))
  try {
    return readVersionData(message, { ...strictly(service), ...reading })
  } catch (error) {
    if (error instanceof RmsException) return error.key
    throw error
  }
}

const between = (minimum: string, maximum: string): VersionData | string =>
  versionsOf(
    `<VersionData xmlns="${service}"><MinimumVersion>${minimum}</MinimumVersion>` +
      `<MaximumVersion>${maximum}</MaximumVersion></VersionData>`,
  )

t.test('what clients ask for', async (t) => {
  const cases: readonly (readonly [string, string, VersionData | string])[] = [
    ['1.0.0.0', '1.0.0.0', { minimum: '1.0.0.0', maximum: '1.0.0.0' }],
    ['1.0.0.0', '1.1.0.0', { minimum: '1.0.0.0', maximum: '1.1.0.0' }],
    ['1.2.0.0', '1.2.0.0', { minimum: '1.2.0.0', maximum: '1.2.0.0' }],
    ['0.0.0.0', '0.65535.0.0', { minimum: '0.0.0.0', maximum: '0.65535.0.0' }],
    ['1.0.0.0', '1.1.65535.65535', { minimum: '1.0.0.0', maximum: '1.1.65535.65535' }],
    [' 1.0.0.0\n', '01.0.0.0', { minimum: '1.0.0.0', maximum: '1.0.0.0' }],
    ['1.0.0.0', '1.2.0.1', 'UnsupportedDataVersion'],
    ['1.0.0.0', '1.10.0.0', 'UnsupportedDataVersion'],
    ['1.0.0.0', '2.0.0.0', 'UnsupportedDataVersion'],
    ['9.0.0.0', '9.0.0.0', 'UnsupportedDataVersion'],
    ['1.1.0.0', '1.0.0.0', 'MalformedDataVersion'],
    ['9.0.0.0', '8.0.0.0', 'MalformedDataVersion'],
    ['1.0.0', '1.0.0.0', 'MalformedDataVersion'],
    ['1.0.0.0', '1.0.0.0.0', 'MalformedDataVersion'],
    ['1.0.0.0', '', 'MalformedDataVersion'],
    ['', '1.0.0.0', 'MalformedDataVersion'],
    ['1.0.0.65536', '1.1.0.0', 'MalformedDataVersion'],
    ['-1.0.0.0', '1.0.0.0', 'MalformedDataVersion'],
    ['1.0.0.0', '1.x.0.0', 'MalformedDataVersion'],
    ['1.0.0.0', '1,0,0,0', 'MalformedDataVersion'],
    ['1.0.0.0', '1.0. 0.0', 'MalformedDataVersion'],
    ['1.0.0.0', '١.0.0.0', 'MalformedDataVersion'],
    ['1.0.0.0', '9'.repeat(10_000), 'MalformedDataVersion'],
  ]
  for (const [minimum, maximum, expected] of cases) {
    t.same(between(minimum, maximum), expected, `${minimum} to ${maximum.slice(0, 20)}`)
  }
})

t.test('a header that is missing, empty or half there counts as 1.0.0.0', async (t) => {
  const plain = { minimum: '1.0.0.0', maximum: '1.0.0.0' }
  t.same(versionsOf(undefined), plain, 'no Header at all')
  t.same(versionsOf('<Other xmlns="urn:x" />'), plain, 'another header')
  t.same(
    versionsOf('<VersionData xmlns="urn:x"><MaximumVersion>7.0.0.0</MaximumVersion></VersionData>'),
    plain,
    'of another service',
  )
  t.same(versionsOf(`<VersionData xmlns="${service}" />`), plain)
  t.same(versionsOf(`<VersionData xmlns="${service}"><MinimumVersion xsi:nil="true" /></VersionData>`), plain)
  t.same(versionsOf(`<VersionData xmlns="${service}"><MaximumVersion>1.1.0.0</MaximumVersion></VersionData>`), {
    minimum: '1.0.0.0',
    maximum: '1.1.0.0',
  })
  t.same(
    versionsOf(`<VersionData xmlns="${service}"><MinimumVersion>1.1.0.0</MinimumVersion></VersionData>`),
    'MalformedDataVersion',
  )
  const prefixed = `<v:VersionData xmlns:v="${service}" extra="1"><v:MaximumVersion>1.2.0.0</v:MaximumVersion></v:VersionData>`
  t.same(versionsOf(prefixed), { minimum: '1.0.0.0', maximum: '1.2.0.0' }, 'with prefixes and an attribute')
})

t.test("the server's header", async (t) => {
  t.equal(
    versionDataHeader(service),
    `<VersionData xmlns="${service}"><MinimumVersion>1.0.0.0</MinimumVersion><MaximumVersion>1.2.0.0</MaximumVersion></VersionData>`,
  )
  t.same(versionsOf(versionDataHeader(service)), serverVersions, 'can be read')
})

t.test('versions are compared as numbers, part by part', async (t) => {
  t.ok(compareVersions('1.2.0.0', '1.10.0.0') < 0)
  t.equal(compareVersions('1.0.0.0', '01.0.0.00'), 0)
  t.throws(() => compareVersions('1.0.0.0', 'one'), RangeError)
  const part = fc.nat(65535)
  fc.assert(
    fc.property(fc.tuple(part, part, part, part), fc.tuple(part, part, part, part), (left, right) => {
      const asNumber = (parts: readonly number[]): bigint =>
        parts.reduce((sum, each) => sum * 65536n + BigInt(each), 0n)
      const expected = asNumber(left) - asNumber(right)
      const found = compareVersions(left.join('.'), right.join('.'))
      return expected === 0n ? found === 0 : found > 0 === expected > 0n
    }),
  )
})

t.test('profiles: 2008 has no 1.2.0.0, strict wants the header, and what is let pass is told', async (t) => {
  const header = (maximum: string): string =>
    `<VersionData xmlns="${service}"><MinimumVersion>1.0.0.0</MinimumVersion><MaximumVersion>${maximum}</MaximumVersion></VersionData>`
  const half = `<VersionData xmlns="${service}"><MinimumVersion>1.0.0.0</MinimumVersion></VersionData>`
  const told = (
    profile: ProfileName,
    given: string | undefined,
  ): readonly [VersionData | string, readonly string[]] => {
    const lenient: string[] = []
    const found = versionsOf(given, { profile: profiles[profile], onLenient: (what) => void lenient.push(what) })
    return [found, lenient]
  }
  const plain = { minimum: '1.0.0.0', maximum: '1.0.0.0' }
  t.same(told('2016', undefined), [plain, ['no version header']])
  t.same(told('2016', half), [plain, ['half a version header']])
  t.same(told('2016', header('1.2.0.0')), [{ minimum: '1.0.0.0', maximum: '1.2.0.0' }, []])
  t.same(told('2008', header('1.1.0.0')), [{ minimum: '1.0.0.0', maximum: '1.1.0.0' }, []])
  t.same(told('2008', header('1.2.0.0')), ['UnsupportedDataVersion', []])
  t.same(told('strict', undefined), ['MalformedDataVersion', []])
  t.same(told('strict', half), ['MalformedDataVersion', []])
  t.same(told('strict', header('1.0.0.0')), [plain, []])
})
