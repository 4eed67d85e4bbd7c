/** What people may ask for as a fault, what they are told otherwise, which requests a fault touches and when. */
import t from 'tap'
import type { Account } from '../../../src/directory/directory.js'
import { exceptions } from '../../../src/exceptions.js'
import { delayOf, longestDelay, parseEffect } from '../../../src/lab/faults/effect.js'
import { parseFault, parseFaultName } from '../../../src/lab/faults/fault.js'
import { matches, parseMatch, type Known, type Seen } from '../../../src/lab/faults/match.js'
import { drawn, isInForce, isUsedUp, parseWhen, strikes } from '../../../src/lab/faults/when.js'
import { LabInputError } from '../../../src/lab/input-error.js'

const known: Known = {
  clusters: ['root', 'licensing'],
  nodes: ['root-1', 'root-2', 'licensing-1'],
  listeners: ['intranet', 'extranet'],
  endpoints: ['/certification/certification.asmx', '/licensing/license.asmx', '/my/v2/enduserlicenses'],
  operations: ['Certify', 'AcquireLicense', 'GetServerInfo', 'EndUserLicenses'],
  restOperations: ['EndUserLicenses'],
}

const bob: Account = {
  sid: 'S-1-5-21-1-2-3-1102',
  sidHistory: [],
  name: 'CONTOSO\\bob',
  mail: 'bob@contoso.test',
  proxyAddresses: ['robert@contoso.test'],
  enabled: true,
}

const guid = '9a23d98e-4449-4ba5-812a-f30808f3cb16'

const seen: Seen = {
  cluster: 'licensing',
  node: 'licensing-1',
  listener: 'extranet',
  endpoint: '/licensing/license.asmx',
  operation: 'AcquireLicense',
  account: bob,
  userAgent: 'MSIPC;version=1.0.622.36;AppName=WINWORD.EXE',
  names: (asked) => asked === guid,
}

function refusalOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof LabInputError) return error.message
    throw error
  }
  return 'nothing was refused'
}

t.test('a fault is read as it is written, in the spelling of the installation', async (t) => {
  const read = parseFault(
    {
      match: {
        cluster: 'LICENSING',
        endpoint: '/_wmcs/Licensing/License.asmx',
        operation: ['acquirelicense'],
        guid: `{${guid.toUpperCase()}}`,
      },
      effect: { exception: 'InvalidOfficialRightsTemplate' },
      when: { next: 1, after: 2 },
      seed: 42,
    },
    known,
  )
  t.same(read, {
    match: {
      cluster: ['licensing'],
      endpoint: ['/licensing/license.asmx'],
      operation: ['AcquireLicense'],
      guid: [guid],
    },
    effect: { exception: 'InvalidOfficialRightsTemplate' },
    when: { next: 1, after: 2 },
    seed: 42,
  })
  t.same(parseFault(read, known), read, 'what was read is a fault itself')
  t.same(parseFault({ effect: { http: 503 } }, known), { match: {}, effect: { http: 503 }, when: {} })
})

t.test('a ready fault is asked for by its name, and narrowed', async (t) => {
  const ready = parseFault({ ready: 'acl-closed', when: { next: 2 } }, known)
  t.same(ready, {
    ready: 'acl-closed',
    match: { endpoint: ['/certification/ServerCertification.asmx'] },
    effect: { http: 401, challenge: 'NTLM' },
    when: { next: 2 },
  })
  const stale = parseFault({ ready: 'key-password-stale', match: { node: 'root-2' } }, known)
  t.same(stale, { ready: 'key-password-stale', match: { node: ['root-2'] }, effect: { http: 500 }, when: {} })
  t.same(parseFault(stale, known), stale, 'as it is listed it can be put')
})

t.test('every exception can be named by its key, its name and its full name', async (t) => {
  for (const [key, { name }] of Object.entries(exceptions)) {
    if (key === 'ContentKeyNoMatchingIssuedPrincipal') continue // shares its last name with another one, whose key counts
    for (const written of [key, key.toLowerCase(), name, name.slice(name.lastIndexOf('.') + 1)])
      t.same(parseEffect({ exception: written }), { exception: key }, written)
  }
})

t.test('what cannot be is refused with the member, the value, and the nearest right one', async (t) => {
  const effect = { http: 503 }
  const refused: readonly (readonly [unknown, RegExp])[] = [
    [undefined, /^The fault must be an object/],
    [[], /^The fault must be an object/],
    [{ ready: 'acl-close' }, /did you mean "acl-closed"\?/],
    [{ ready: 'key-password-stale' }, /is of one server.*"node":"root-1".*there are root-1, root-2/],
    [{ effect, when: { asked: true, next: 1 } }, /"asked" of the when is true, and stands alone/],
    [{}, /no "effect".*\{"http":503\}/],
    [{ effect, wenn: {} }, /no member "wenn": did you mean "when"\?/],
    [{ effect: {} }, /must have one of exception, code, http.*it has none/],
    [{ effect: { http: 503, reset: true } }, /must have one of.*it has http and reset/],
    [{ effect: { exeption: 'x' } }, /no member "exeption": did you mean "exception"\?/],
    [
      { effect: { exception: 'InvalidPersonaCertTimes' } },
      /"InvalidPersonaCertTimes": did you mean "InvalidPersonaCertTime"\?/,
    ],
    [
      { effect: { exception: 'NoRightsForRequestedPrincipleException' } },
      /did you mean "NoRightsForRequestedPrincipal"\?/,
    ],
    [{ effect: { exception: 7 } }, /"exception" of the effect cannot be 7: it is one of ArgumentNull,/],
    [{ effect: { code: 'Buzy' } }, /"Buzy": did you mean "Busy"\?/],
    [{ effect: { http: 200 } }, /"http" of the effect is 200: it must be a status from 400 to 599/],
    [{ effect: { http: 503, challenge: 'NTLM' } }, /"challenge".*goes with the status 401, not with 503/],
    [{ effect: { http: 401, challenge: 'NTLM\r\nX: y' } }, /must be the value of WWW-Authenticate/],
    [{ effect: { delay: 5 } }, /"delay" of the effect must be an object/],
    [{ effect: { delay: 'PT-2S' } }, /Did you mean "-PT2S"\?/],
    [{ effect: { delay: '-PT2S' } }, /longer than nothing, and at most PT10M/],
    [{ effect: { delay: 'P1M' } }, /longer than nothing, and at most PT10M/],
    [{ effect: { delay: { median: 'PT1S', sigma: 9 } } }, /"sigma" of the delay is 9: it must be a number from 0 to 3/],
    [{ effect: { reset: false } }, /"reset" of the effect is false: write true/],
    [{ effect: { truncate: -1 } }, /a whole number of bytes from 0/],
    [{ effect: { document: 'wrong-digests' } }, /did you mean "wrong-digest"\?/],
    [
      { effect, match: { operation: 'AcquireLicence' } },
      /^There is no operation "AcquireLicence" here: did you mean "AcquireLicense"\?/,
    ],
    [{ effect, match: { node: 'licensing-2' } }, /^There is no node "licensing-2" here: did you mean "licensing-1"\?/],
    [{ effect, match: { node: 'x' } }, /^There is no node "x" here: there are root-1, root-2, licensing-1/],
    [{ effect, match: { cluster: 'licencing' } }, /did you mean "licensing"\?/],
    [{ effect, match: { endpoint: '/licensing/licence.asmx' } }, /did you mean "\/licensing\/license.asmx"\?/],
    [{ effect, match: { listener: 'internet' } }, /did you mean "intranet"\?/],
    [{ effect, match: { guid: '9a23' } }, /"9a23", which is no GUID/],
    [{ effect, match: { user: [] } }, /or a list of 1 to 50/],
    [{ effect, match: { user: 'x'.repeat(301) } }, /a text of at most 300 characters/],
    [{ effect, match: { users: 'bob' } }, /no member "users": did you mean "user"\?/],
    [{ effect, when: { next: 0 } }, /"next" of the when is 0: it must be a whole number from 1/],
    [{ effect, when: { chance: 5 } }, /"chance" of the when is 5: it must be a number above 0 and up to 1/],
    [{ effect, when: { next: 1, chance: 0.5 } }, /it takes one of next, every and chance/],
    [{ effect, when: { after: 2 } }, /"after" of the when goes with next, every or chance/],
    [{ effect, when: { from: '2026-01-01' } }, /Did you mean "2026-01-01T00:00:00Z"\?/],
    [
      { effect, when: { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' } },
      /"from" of the when must lie before "to"/,
    ],
    [{ effect, seed: 1.5 }, /"seed" of the fault is 1.5/],
    [{ effect: { code: 'Busy' }, match: { operation: 'Certify' } }, /Certify is called over SOAP: write "exception"/],
    [
      { effect: { document: 'expired' }, match: { operation: 'GetServerInfo' } },
      /The answer of GetServerInfo has no document that could be "expired": match one of Certify,/,
    ],
  ]
  for (const [asked, message] of refused)
    t.match(
      refusalOf(() => parseFault(asked, known)),
      message,
      JSON.stringify(asked),
    )
  for (const name of ['', ' ', 'a b', '../x', '-x', 'x'.repeat(65), 'ä'])
    t.match(
      refusalOf(() => parseFaultName(name)),
      /^A fault cannot be called/,
      name,
    )
  t.match(
    refusalOf(() => parseFaultName('catalogue')),
    /lists the ready ones/,
  )
  t.equal(parseFaultName('slow-Bob_2.1'), 'slow-Bob_2.1')
})

t.test('a fault matches by each of its members, in any case, and by one of several values', async (t) => {
  const fitting: readonly object[] = [
    {},
    { cluster: 'licensing' },
    { node: ['root-1', 'LICENSING-1'] },
    { listener: 'extranet' },
    { endpoint: '/_wmcs/licensing/LICENSE.asmx' },
    { operation: 'AcquireLicense', user: 'bob@contoso.test' },
    { user: 'CONTOSO\\Bob' },
    { user: 'bob' },
    { user: ['alice', 'Robert@contoso.test'] },
    { userAgent: 'winword' },
    { guid: `{${guid}}` },
  ]
  for (const match of fitting) t.ok(matches(parseMatch(match, known), seen), JSON.stringify(match))
  const others: readonly object[] = [
    { cluster: 'root' },
    { node: 'root-1' },
    { listener: 'direct' },
    { endpoint: '/certification/certification.asmx' },
    { operation: ['Certify', 'GetServerInfo'] },
    { user: 'ob' },
    { user: 'FABRIKAM\\bob' },
    { operation: 'AcquireLicense', user: 'alice' },
    { userAgent: 'excel' },
    { guid: '9a23d98e-4449-4ba5-812a-f30808f3cb17' },
  ]
  for (const match of others) t.notOk(matches(parseMatch(match, known), seen), JSON.stringify(match))
  t.notOk(matches({ user: ['bob'] }, { ...seen, account: undefined }), 'nobody is no user')
})

t.test('it strikes the next ones, every one of so many, or from one time to another', async (t) => {
  const struck = (when: object): readonly number[] =>
    [1, 2, 3, 4, 5, 6, 7].filter((ordinal) => strikes(parseWhen(when), ordinal, () => 0.5))
  t.same(struck({}), [1, 2, 3, 4, 5, 6, 7])
  t.same(struck({ next: 2 }), [1, 2])
  t.same(struck({ next: 1, after: 2 }), [3], 'the third, and then all is well again')
  t.same(struck({ every: 3 }), [3, 6])
  t.same(struck({ every: 2, after: 3 }), [5, 7])
  t.same(struck({ chance: 0.6, after: 5 }), [6, 7])
  t.same(struck({ chance: 0.4 }), [])
  const when = parseWhen({ from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00+01:00' })
  const inForce = (at: string): boolean => isInForce(when, new Date(at))
  t.same(
    ['2025-12-31T23:59:59.999Z', '2026-01-01T00:00:00Z', '2026-01-01T22:59:59Z', '2026-01-01T23:00:00Z'].map(inForce),
    [false, true, true, false],
  )
  t.ok(isInForce(parseWhen({ to: '2026-01-02T00:00:00Z' }), new Date(0)))
})

t.test('chance is drawn from the seed: the same again with the same one, as often as it says', async (t) => {
  const struck = (seed: number): readonly number[] =>
    Array.from({ length: 2000 }, (_, index) => index + 1).filter((ordinal) =>
      strikes({ chance: 0.05 }, ordinal, () => drawn(seed, 'x', ordinal, 'chance')),
    )
  t.same(struck(42), struck(42))
  t.not(struck(42).join(), struck(43).join())
  t.ok(Math.abs(struck(42).length - 100) < 40, `${struck(42).length} of 2000`)
})

t.test('delays are as long as they say, or scatter around their median', async (t) => {
  t.equal(
    delayOf('PT1.5S', () => NaN),
    1500,
  )
  const spread = { median: 'PT1S', sigma: 0.5 }
  const delays = Array.from({ length: 2000 }, (_, ordinal) =>
    delayOf(spread, (purpose) => drawn(7, 'slow', ordinal, purpose)),
  ).toSorted((a, b) => a - b)
  const at = (part: number): number => delays[Math.floor(part * delays.length)] ?? 0
  t.ok(Math.abs(at(0.5) - 1000) < 60, `the median is ${at(0.5)}`)
  t.ok(Math.abs(at(0.841) - 1649) < 150, `one of six is longer than ${at(0.841)}`)
  t.ok(delays.every((delay) => delay > 0))
  t.equal(
    delayOf({ median: 'PT10M', sigma: 3 }, () => 0.999),
    longestDelay,
    'no delay is longer than the longest',
  )
})

t.test('a fault for the next requests is used up when it has matched them', async (t) => {
  t.same(
    [isUsedUp({ next: 2 }, 1), isUsedUp({ next: 2 }, 2), isUsedUp({ next: 1, after: 2 }, 2), isUsedUp({ every: 1 }, 9)],
    [false, true, false, false],
  )
})
