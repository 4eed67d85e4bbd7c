/** Who is let in: HTTP Basic against the directory, and the access lists of endpoints. */
import t from 'tap'
import { openStore } from '../../src/cluster/store/open.js'
import { seedDirectory } from '../../src/directory/seed.js'
import type { Account } from '../../src/directory/directory.js'
import { admitsAnonymous, endpointsNamed, isAdmitted } from '../../src/identity/access.js'
import { authenticateBasic } from '../../src/identity/basic.js'
import { endpointPaths } from '../../src/node/roles.js'

const store = await openStore(':memory:')
t.teardown(() => store.close())
const { directory } = store
await directory.fillIfEmpty(seedDirectory)

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`
const nameOf = async (header: string | undefined): Promise<string | undefined> =>
  (await authenticateBasic(header, directory))?.account?.name
const account = async (name: string): Promise<Account> => (await directory.accountByName(name)) as Account

t.test('an account may be written in every way that Windows takes', async (t) => {
  for (const name of [
    'CONTOSO\\alice',
    'contoso\\ALICE',
    'contoso.test\\alice',
    'alice@contoso.test',
    'alice',
    'alice.a@contoso.test',
  ]) {
    t.equal(await nameOf(basic(`${name}:Passw0rd!`)), 'CONTOSO\\alice', name)
  }
  t.match(await authenticateBasic(`bAsIc   ${basic('alice:Passw0rd!').slice(6)} `, directory), {
    isAuthenticated: true,
    authenticationType: 'Basic',
  })
})

t.test('a password may have colons, and its case counts', async (t) => {
  const secret = {
    ...(seedDirectory.accounts[1] as (typeof seedDirectory.accounts)[number]),
    sid: 'S-1-5-21-1-2-3-9',
    name: 'CONTOSO\\colon',
    mail: 'colon@contoso.test',
    password: 'a:b:c',
  }
  await directory.addAccounts([secret])
  t.equal(await nameOf(basic('colon:a:b:c')), 'CONTOSO\\colon')
  t.equal(await nameOf(basic('colon:a')), undefined)
  t.equal(await nameOf(basic('alice:passw0rd!')), undefined)
})

t.test(
  'letters outside of ASCII come in UTF-8, in the Windows code page, in ISO 8859-1, composed or decomposed',
  async (t) => {
    const first = seedDirectory.accounts[1] as (typeof seedDirectory.accounts)[number]
    const make = (sid: string, user: string, password: string) =>
      directory.addAccounts([
        { ...first, sid, name: `CONTOSO\\${user}`, mail: `${sid}@contoso.test`, proxyAddresses: [], password },
      ])
    await make('S-1-5-21-1-2-3-10', 'jürgen', 'Grüße1')
    await make('S-1-5-21-1-2-3-11', 'zoé', 'Zoe\u0301')
    await make('S-1-5-21-1-2-3-12', 'euro', '10 €')
    // Its bytes in ISO 8859-1 are UTF-8 of something else.
    await make('S-1-5-21-1-2-3-13', 'odd', 'Ã¼x')
    const bytes = (...parts: readonly (string | number)[]): string =>
      `Basic ${Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part, 'latin1')))).toString('base64')}`
    const jurgen = 'CONTOSO\\jürgen'
    t.equal(await nameOf(basic('jürgen:Grüße1')), jurgen)
    t.equal(await nameOf(basic('CONTOSO\\JÜRGEN:Grüße1'.normalize('NFD'))), jurgen, 'NFD')
    t.equal(await nameOf(bytes('jürgen:Grüße1')), jurgen, 'ISO 8859-1')
    t.equal(await nameOf(basic('zoé:Zoé')), 'CONTOSO\\zoé', 'a password that is kept decomposed')
    t.equal(await nameOf(basic('zoé:Zoé'.normalize('NFD'))), 'CONTOSO\\zoé')
    t.equal(await nameOf(bytes('euro:10 ', 0x80)), 'CONTOSO\\euro', 'windows-1252')
    t.equal(await nameOf(bytes('odd:Ã¼x')), 'CONTOSO\\odd')
    for (const wrong of [
      basic('jürgen:Gruße1'),
      bytes('jürgen:Grusse1'),
      bytes('jürgen:Grüße1', 0xff),
      basic('jürgen:GRÜßE1'),
    ])
      t.equal(await nameOf(wrong), undefined)
  },
)

t.test('nobody comes in with what is no credential', async (t) => {
  const odd = [
    undefined,
    '',
    'Basic',
    'Basic ',
    'Basic ***',
    basic('alice'),
    basic(''),
    basic(':'),
    basic('alice:'),
    basic(':Passw0rd!'),
    `Basic ${'A'.repeat(100_000)}`,
  ]
  for (const header of [
    ...odd,
    'Bearer abc',
    'NTLM TlRMTVNTUAAB',
    basic('OTHER\\alice:Passw0rd!'),
    basic("' OR 1=1 --:x"),
    basic('\0\0:\0'),
  ]) {
    t.equal(await nameOf(header), undefined, String(header).slice(0, 40))
  }
})

t.test('a disabled account does not come in', async (t) => {
  const mallory = await account('mallory')
  await directory.changeAccount(mallory.sid, { enabled: false })
  t.equal(await nameOf(basic('mallory:Passw0rd!')), undefined)
  await directory.changeAccount(mallory.sid, { enabled: true })
  t.equal(await nameOf(basic('mallory:Passw0rd!')), 'CONTOSO\\mallory')
})

t.test(
  'a list admits by account, mail address or group at any depth; none admits everybody, an empty one nobody',
  async (t) => {
    const path = '/certification/certification.asmx'
    const admits = async (list: readonly string[] | undefined, name: string): Promise<boolean> =>
      isAdmitted(list === undefined ? {} : { [path]: list }, path, await account(name), directory)
    t.ok(await admits(undefined, 'mallory'))
    t.notOk(await admits([], 'alice'))
    t.ok(await admits(['contoso\\ALICE'], 'alice'))
    t.ok(await admits(['alice@contoso.test'], 'alice'))
    t.ok(await admits(['CONTOSO\\staff'], 'bob'), 'through legal')
    t.ok(await admits(['staff@contoso.test'], 'bob'))
    t.notOk(await admits(['CONTOSO\\staff'], 'mallory'))
    t.ok(await admits(['Anonymous'], 'mallory'))
    t.ok(await admits(['CONTOSO\\Domain Users'], 'nomail'))
  },
)

t.test('only the name ANONYMOUS opens an endpoint to callers who do not sign in', async (t) => {
  t.notOk(admitsAnonymous({}, '/a'))
  t.notOk(admitsAnonymous({ '/a': ['CONTOSO\\alice'] }, '/a'))
  t.ok(admitsAnonymous({ '/a': ['anonymous'] }, '/a'))
  t.notOk(admitsAnonymous({ '/b': ['ANONYMOUS'] }, '/a'))
})

t.test('an endpoint can be named shortly, and a name may mean several', async (t) => {
  const paths = endpointPaths('root')
  t.same(endpointsNamed('servercertification', paths), ['/certification/servercertification.asmx'])
  t.same(endpointsNamed('/_wmcs/licensing/license.asmx', paths), ['/licensing/license.asmx'])
  t.same(endpointsNamed('server', paths), ['/certification/server.asmx', '/licensing/server.asmx'])
  t.same(endpointsNamed('certification/Server.asmx', paths), ['/certification/server.asmx'])
  t.same(endpointsNamed('nothing', paths), [])
})
