import t from 'tap'
import { openStore } from '../../../src/cluster/store/open.js'
import { seedDirectory } from '../../../src/directory/seed.js'
import { decisionOf } from '../../../src/lab/journal/decision.js'
import { nearMissFinder, type LastingSources } from '../../../src/lab/journal/near-exchange.js'
import type { KnownCluster } from '../../../src/lab/journal/near-miss.js'
import type { RefusalSubject } from '../../../src/refusal.js'
import { exchange, refused } from './exchanges.js'

const store = await openStore(':memory:')
await store.directory.fillIfEmpty(seedDirectory)
t.teardown(() => store.close())
const sid = (await store.directory.accountByName('bob'))?.sid ?? ''
const more = { sidHistory: [], proxyAddresses: [], enabled: true, password: 'x' }
const { domainSid } = await store.directory.forest()
await store.directory.addAccounts([
  { ...more, sid: `${domainSid}-3001`, name: 'CONTOSO\\gone', mail: 'gone@contoso.test', enabled: false },
])
await store.directory.addGroups([
  { sid: `${domainSid}-3002`, name: 'CONTOSO\\finance', proxyAddresses: [] },
  { sid: `${domainSid}-3003`, name: 'CONTOSO\\board', mail: 'the-board@contoso.test', proxyAddresses: [] },
])
await store.directory.addMemberships([
  { groupSid: `${domainSid}-3002`, memberSid: sid },
  { groupSid: `${domainSid}-3003`, memberSid: sid },
])

const cluster: KnownCluster = {
  name: 'root',
  isOwn: true,
  mode: 2,
  id: '{1}',
  key: 'key-of-root',
  urls: ['http://rms.contoso.test:7000/_wmcs'],
  templates: [
    { guid: '{aaaaaaaa-0000-0000-0000-000000000001}', state: 'published', changed: '2026-01-01T00:00:00.000Z' },
    { guid: '{aaaaaaaa-0000-0000-0000-000000000002}', state: 'archived', changed: '2026-01-02T00:00:00.000Z' },
  ],
  excluded: [{ publicKey: 'key-of-mallory', account: 'CONTOSO\\mallory', since: '2026-01-03T00:00:00.000Z' }],
}
const legal: KnownCluster = {
  ...cluster,
  name: 'legal',
  isOwn: false,
  mode: 1,
  id: '{2}',
  key: 'key-of-legal',
  urls: ['http://legal.contoso.test:7001/_wmcs'],
  templates: [
    { guid: '{bbbbbbbb-0000-0000-0000-000000000001}', state: 'published', changed: '2026-01-01T00:00:00.000Z' },
  ],
  excluded: [],
}
const sources: LastingSources = {
  directory: store.directory,
  accounts: () => store.directory.listAccounts(),
  clusters: async () => [cluster, legal],
  paths: ['/_wmcs/licensing/license.asmx', '/_wmcs/certification/certification.asmx'],
}

const now = new Date('2026-06-01T12:00:00Z')
const minutes = (count: number) => new Date(now.getTime() + 60_000 * count)
const rights = (named: readonly string[], byOlderTemplate = false): RefusalSubject => ({
  kind: 'rights',
  sid,
  mail: 'bob@contoso.test',
  named,
  byOlderTemplate,
})

const table: readonly (readonly [string, RefusalSubject, readonly (readonly [string, RegExp])[]])[] = [
  [
    'right person, other address',
    rights(['bobb@contoso.test']),
    [['other address', /bobb@contoso\.test, which nobody has; CONTOSO\\bob has bob@contoso\.test/]],
  ],
  ['the same name in another domain', rights(['bob@fabrikam.test']), [['other address', /bob@fabrikam\.test/]]],
  [
    'a group without an address',
    rights(['finance@contoso.test']),
    [['hidden group', /is in CONTOSO\\finance, which has no mail address/]],
  ],
  [
    'a group by another address',
    rights(['board@contoso.test']),
    [['other address of a group', /the-board@contoso\.test/]],
  ],
  [
    'a group that they are not in',
    rights(['superusers@contoso.test']),
    [['not a member', /CONTOSO\\bob is not in it/]],
  ],
  ['somebody else altogether', rights(['alice@contoso.test', 'xyz@fabrikam.test']), []],
  ['an older copy of the template', rights([], true), [['older template', /copy at the server was changed/]]],
  [
    'an account that is not there',
    { kind: 'rights', sid: '', mail: 'zoe@fabrikam.test', named: [], byOlderTemplate: false },
    [['unknown account', /zoe@fabrikam\.test/]],
  ],
  [
    'archived',
    { kind: 'template', guid: 'AAAAAAAA-0000-0000-0000-000000000002' },
    [['archived', /archived since 2026-01-02/]],
  ],
  [
    'of another cluster',
    { kind: 'template', guid: '{bbbbbbbb-0000-0000-0000-000000000001}' },
    [['other cluster', /"legal" has this template/]],
  ],
  ['mistyped', { kind: 'template', guid: '{aaaaaaaa-0000-0000-0000-000000000003}' }, [['other GUID', /aaaaaaaa/]]],
  ['deleted', { kind: 'template', guid: '{fedcba98-7654-3210-fedc-ba9876543210}' }, [['deleted', /No cluster/]]],
  [
    'ended two minutes ago',
    { kind: 'time', from: minutes(-100), until: minutes(-2), now },
    [
      ['ended', /ended 2 minutes before/],
      ['clock skew', /two clocks/],
    ],
  ],
  [
    'ended last year',
    { kind: 'time', from: minutes(-1e6), until: minutes(-600_000), now },
    [['ended', /ended 416 days before/]],
  ],
  [
    'not begun',
    { kind: 'time', from: minutes(180), until: minutes(999), now },
    [['not begun', /begins 3 hours later/]],
  ],
  [
    'another cluster',
    { kind: 'server', id: '{2}', key: 'key-of-legal' },
    [['other cluster', /"legal" of this installation/]],
  ],
  [
    'an earlier installation',
    { kind: 'server', id: '{1}', key: 'other' },
    [['own name, other key', /earlier installation/]],
  ],
  ['a stranger', { kind: 'server', id: '{9}', key: 'stranger' }, []],
  [
    'the other mode',
    { kind: 'mode', mode: 1 },
    [
      ['other mode', /Mode 1/],
      ['other cluster', /"legal"/],
    ],
  ],
  [
    'excluded',
    { kind: 'excluded key', key: 'key-of-mallory' },
    [['excluded since', /CONTOSO\\mallory is excluded at this cluster since 2026-01-03/]],
  ],
  ['disabled', { kind: 'account', asked: 'gone@contoso.test' }, [['disabled', /CONTOSO\\gone/]]],
  ['without an address', { kind: 'account', asked: 'CONTOSO\\nomail' }, [['no mail address', /set one/]]],
  [
    'mistyped account',
    { kind: 'account', asked: 'alcie@contoso.test' },
    [['nearest name', /CONTOSO\\alice has alice@contoso\.test/]],
  ],
  ['a group for an account', { kind: 'account', asked: 'staff@contoso.test' }, [['group', /CONTOSO\\staff/]]],
  [
    'mistyped word',
    { kind: 'word', asked: 'AcquireLicence', known: ['AcquireLicense', 'Certify'] },
    [['nearest name', /AcquireLicense\?/]],
  ],
  ['another port', { kind: 'url', url: 'http://rms.contoso.test:7009/_wmcs' }, [['other port', /:7000/]]],
  ['a strange address', { kind: 'url', url: 'https://x.y' }, []],
]

t.test('each kind of refusal has its near misses', async (t) => {
  for (const [name, about, expected] of table) {
    const refusal = { ...refused('no'), facts: { rule: 'r', wanted: 'w', found: 'f', about } }
    const found = await nearMissFinder(sources)(exchange({ refusals: [refusal], ended: now.getTime() }))
    t.same(
      found.map(({ kind }) => kind),
      expected.map(([kind]) => kind),
      name,
    )
    for (const [index, [, text]] of expected.entries()) t.match(found[index]?.text, text, name)
  }
})

t.test('a time by the clock of the lab says how it is set, and whether the real time would do', async (t) => {
  const about = { kind: 'time', from: minutes(-100), until: minutes(100), now: minutes(500_000) } as const
  const refusal = { ...refused('no'), facts: { rule: 'r', wanted: 'w', found: 'f', about } }
  const set = exchange({ refusals: [refusal], ended: now.getTime(), clock: { mode: 'offset', by: 'P366D' } })
  t.match(await nearMissFinder(sources)(set), [
    { kind: 'ended', text: /by the lab's clock \(clock offset P366D\)/ },
    { kind: 'real time', text: /2026-06-01T12:00:00\.000Z/ },
  ])
})

t.test('of a refused password it is said whose it was, of a wrong path which is near', async (t) => {
  const signIn = async (name: string, why: string) => {
    const headers = ['Host', 'a', 'Authorization', `Basic ${Buffer.from(`${name}:Passw0rd!`).toString('base64')}`]
    const one = exchange({ request: { headers }, answer: { status: 401 }, refusals: [refused(why, '401')] })
    const found = await nearMissFinder(sources)(one)
    t.notMatch(JSON.stringify(found), /Passw0rd/)
    return found.map(({ kind }) => kind)
  }
  t.same(await signIn('CONTOSO\\bob', 'wrong'), ['wrong password'])
  t.same(await signIn('bob', 'CONTOSO\\bob is not on the access list of this endpoint'), [
    'right person, closed endpoint',
  ])
  t.same(await signIn('CONTOSO\\bbo', 'wrong'), ['nearest name'])
  t.same(await signIn('gone', 'wrong'), ['disabled'])
  const lost = exchange({ request: { url: 'http://rms.test/licensing/license.asmx?wsdl' }, answer: { status: 404 } })
  t.match(await nearMissFinder(sources)(lost), [{ kind: 'nearest path', text: /\/_wmcs\/licensing\/license\.asmx/ }])
  t.match(decisionOf(lost), [{ step: '', found: '/licensing/license.asmx' }])
})

t.test('there are three at most, each exchange is looked at once, and a directory that is away has none', async (t) => {
  const about = rights(['bobb@contoso.test', 'bob@a.test', 'finance@contoso.test', 'bob@b.test'])
  const one = exchange({ refusals: [{ ...refused('no'), facts: { rule: 'r', wanted: 'w', found: 'f', about } }] })
  const find = nearMissFinder(sources)
  t.equal((await find(one)).length, 3)
  t.equal(await find(one), await find(one))
  const away = nearMissFinder({ ...sources, clusters: async () => Promise.reject(new Error('away')) })
  const template = { rule: 'r', wanted: 'w', found: 'f', about: { kind: 'template', guid: '{1}' } } as const
  t.same(await away(exchange({ refusals: [{ ...refused('no'), facts: template }] })), [])
})

t.test('what was refused before anybody looked into it has a decision too', async (t) => {
  const by = (status: number, headers = {}, body = '') => decisionOf(exchange({ answer: { status, headers, body } }))[0]
  t.match(by(401, { 'www-authenticate': ['NTLM', 'Basic realm="x"'] }), {
    found: 'no credentials',
    wanted: 'NTLM, Basic realm="x"',
  })
  t.match(by(401, { 'www-authenticate': 'NTLM TlRMTVNTUAAC' }), { found: /first half/, wanted: 'NTLM' })
  t.match(by(405, { allow: 'POST' }), { wanted: 'POST', found: 'POST' })
  t.match(by(415, {}, 'Send text/xml\n'), { found: 'Send text/xml' })
  t.match(by(0), { wanted: 'an answer' })
  t.equal(by(302), undefined)
})
