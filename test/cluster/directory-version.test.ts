import t from 'tap'
import { provisionRoot } from '../../src/cluster/provision.js'
import { rememberingDirectory } from '../../src/cluster/remembering-directory.js'
import { DatabaseAway } from '../../src/cluster/store/database-away.js'
import { openStore } from '../../src/cluster/store/open.js'
import { seedDirectory, seedForest, seedPassword } from '../../src/directory/seed.js'
import { systemClock, systemRandom } from '../../src/effects.js'
import { sharedDatabase } from './postgres.js'

const store = await openStore(await sharedDatabase(t))
t.teardown(() => store.close())
await store.directory.fillIfEmpty(seedDirectory)

const sid = `${seedForest.domainSid}-3001`
const groupSid = `${seedForest.domainSid}-3002`
const account = {
  sid,
  sidHistory: [],
  name: 'CONTOSO\\new',
  mail: 'new@contoso.test',
  proxyAddresses: [],
  enabled: true,
  password: seedPassword,
}
const newRoot = { name: 'root', baseUrl: 'http://127.0.0.1/_wmcs', keyPassword: 'of the lab', mode: 2 } as const
const membership = { groupSid, memberSid: sid }
const { directory, forest } = store

/** Every way to change the directory, in an order that works. */
const changes: Readonly<Record<string, () => Promise<unknown>>> = {
  addAccounts: () => directory.addAccounts([account]),
  addGroups: () => directory.addGroups([{ sid: groupSid, name: 'CONTOSO\\newcomers', proxyAddresses: [] }]),
  addMemberships: () => directory.addMemberships([membership]),
  'enabling and disabling': () => directory.changeAccount(sid, { enabled: false }),
  changeAccount: () => directory.changeAccount(sid, { addresses: { mail: 'newer@contoso.test', proxyAddresses: [] } }),
  changeGroup: () => directory.changeGroup(groupSid, { name: 'CONTOSO\\beginners' }),
  removeMembership: () => directory.removeMembership(membership),
  removeGroup: () => directory.removeGroup(groupSid),
  removeAccount: () => directory.removeAccount(sid),
  'a root cluster that registers itself': () =>
    provisionRoot(store, newRoot, { clock: systemClock, random: systemRandom }),
  moveServiceConnectionPoint: () => forest.moveServiceConnectionPoint('http://127.0.0.2/_wmcs/certification'),
  unregisterServiceConnectionPoint: () => forest.unregisterServiceConnectionPoint(),
}

t.test('every change raises the version, and no question does', async (t) => {
  for (const [name, change] of Object.entries(changes)) {
    const before = await directory.version()
    await change()
    t.not(await directory.version(), before, name)
  }
  const before = await directory.version()
  await directory.authenticate('alice', seedPassword)
  await directory.memberships(`${seedForest.domainSid}-1105`)
  t.equal(await directory.version(), before)
})

t.test(
  'answers are given again until the version changes, and whatever it is while the database is away',
  async (t) => {
    let [version, looks, questions, isAway] = ['1', 0, 0, false]
    const remembering = rememberingDirectory({
      ...directory,
      version: async () => {
        if (isAway) throw new DatabaseAway('gone')
        looks++
        return version
      },
      accountByName: async (name) => {
        if (isAway) throw new DatabaseAway('gone')
        questions++
        return directory.accountByName(name)
      },
    })
    const ask = (names: readonly string[]) =>
      Promise.all(names.map(async (name) => (await remembering.accountByName(name))?.mail))
    t.same(await ask(['alice', 'bob', 'alice']), ['alice@contoso.test', 'bob@contoso.test', 'alice@contoso.test'])
    t.equal(looks, 1, 'all of one turn look once')
    const first = questions
    t.same(await ask(['alice', 'bob']), ['alice@contoso.test', 'bob@contoso.test'])
    t.equal(questions, first, 'remembered')
    t.equal(looks, 2, 'but looked at again')
    version = '2'
    await ask(['alice'])
    t.equal(questions, first + 1, 'asked anew')
    isAway = true
    t.same(await ask(['alice', 'bob']), ['alice@contoso.test', 'bob@contoso.test'], 'also the one of an older version')
    await t.rejects(ask(['carol']), DatabaseAway)
  },
)

t.test('one request looks once, whatever it asks', async (t) => {
  let looks = 0
  const version = async (): Promise<string> => String(++looks)
  const request = rememberingDirectory({ ...directory, version }).forRequest()
  const alice = await request.authenticate('alice', seedPassword)
  await request.memberships(alice?.sid ?? '')
  t.equal(looks, 1)
})
