import t from 'tap'
import type { Test } from 'tap'
import { openStore } from '../../src/cluster/store/open.js'
import { domainUsersSid } from '../../src/directory/directory.js'
import { seedDirectory as seed, seedForest, seedPassword } from '../../src/directory/seed.js'
import { databases } from './postgres.js'
import type { TestDatabase } from './postgres.js'

for (const database of databases(t)) t.test(database.name, (t) => run(t, database))

async function filled(t: Test, database: TestDatabase) {
  const { directory, close } = await openStore(await database.fresh())
  t.teardown(close)
  await directory.fillIfEmpty(seed)
  return directory
}

const sid = (relativeId: number): string => `${seedForest.domainSid}-${relativeId}`
const alice = 'CONTOSO\\alice'
const names = (groups: readonly { readonly name: string }[]) =>
  groups.map(({ name }) => name.slice('CONTOSO\\'.length)).toSorted()
const newAccount = (relativeId: number, user: string) => ({
  sid: sid(relativeId),
  sidHistory: [],
  name: `CONTOSO\\${user}`,
  mail: `${user}@contoso.test`,
  proxyAddresses: [],
  enabled: true,
  password: 'x',
})

async function run(t: Test, database: TestDatabase): Promise<void> {
  t.test('an account is found by every name, address and SID it has', async (t) => {
    const directory = await filled(t, database)
    for (const name of [
      alice,
      'contoso\\ALICE',
      'contoso.test\\alice',
      'alice',
      'Alice@Contoso.Test',
      'alice.A@contoso.test',
    ]) {
      t.equal((await directory.accountByName(name))?.name, alice, name)
    }
    for (const mail of ['alice@contoso.test', 'ALICE@contoso.test', 'alice.a@contoso.test']) {
      t.equal((await directory.accountByMail(mail))?.name, alice, mail)
    }
    t.same(
      await directory.accountByName('nomail@contoso.test'),
      await directory.accountByName('nomail'),
      'a UPN without a mail address',
    )
    const nomail = await directory.accountByName('nomail')
    t.equal(nomail !== undefined && 'mail' in nomail, false)
    await directory.addAccounts([{ ...newAccount(2000, 'moved'), sidHistory: ['S-1-5-21-9-9-9-500'] }])
    t.equal((await directory.accountBySid('S-1-5-21-9-9-9-500'))?.sid, sid(2000))
    t.same((await directory.accountBySid(sid(2000)))?.sidHistory, ['S-1-5-21-9-9-9-500'])
  })

  t.test('what is not there is not found, however odd the name', async (t) => {
    const directory = await filled(t, database)
    for (const name of [
      '',
      'CONTOSO\\',
      'FABRIKAM\\alice',
      'alice@fabrikam.test',
      "' or 1=1 --",
      'x\0',
      '%',
      'alic_',
      'a'.repeat(1e6),
    ]) {
      t.equal(await directory.accountByName(name), undefined)
      t.equal(await directory.accountByMail(name), undefined)
      t.equal(await directory.accountBySid(name), undefined)
      t.equal(await directory.groupByMail(name), undefined)
      t.equal(await directory.authenticate(name, seedPassword), undefined)
    }
  })

  t.test('only the right password of an enabled account signs in', async (t) => {
    const directory = await filled(t, database)
    t.equal((await directory.authenticate('alice', seedPassword))?.name, alice)
    for (const wrong of ['', 'passw0rd!', `${seedPassword} `])
      t.equal(await directory.authenticate('alice', wrong), undefined)
    t.equal(await directory.authenticate('nobody', ''), undefined, 'nor the empty one of nobody')
    t.equal(await directory.passwordOf(sid(1104)), seedPassword)
    await directory.changeAccount(sid(1104), { enabled: false })
    t.equal(await directory.authenticate('alice', seedPassword), undefined)
    t.equal(await directory.passwordOf(sid(1104)), undefined)
    t.equal((await directory.accountByName('alice'))?.enabled, false)
  })

  t.test('memberships go through nested groups', async (t) => {
    const directory = await filled(t, database)
    t.same(names(await directory.memberships(sid(1105))), ['Domain Users', 'legal', 'staff'], 'bob')
    t.same(names(await directory.memberships(sid(1104))), ['Domain Users', 'staff'], 'alice')
    t.same(names(await directory.memberships(sid(1107))), ['Domain Users'], 'mallory')
    t.same(names(await directory.memberships(sid(1103))), ['Domain Users', 'RMS Service Group'], 'rms-service')
    t.same(names(await directory.memberships(sid(1201))), ['staff'], 'the group legal, which is no account')
    t.same(await directory.memberships('S-1-5-21-1-1-1-1'), [])
    await directory.addMemberships([{ groupSid: sid(1203), memberSid: domainUsersSid(seedForest) }])
    t.same(
      names(await directory.memberships(sid(1107))),
      ['Domain Users', 'superusers'],
      'a group that Domain Users is in',
    )
  })

  t.test('groups that contain each other end, and long rows of groups are followed', async (t) => {
    const directory = await filled(t, database)
    const count = 300
    const groups = Array.from({ length: count }, (_, index) => ({
      sid: sid(5000 + index),
      name: `CONTOSO\\g${index}`,
      proxyAddresses: [],
    }))
    await directory.addGroups(groups)
    await directory.addMemberships(
      groups.map((_, index) => ({ groupSid: sid(5000 + ((index + 1) % count)), memberSid: sid(5000 + index) })),
    )
    await directory.addMemberships([
      { groupSid: sid(5000), memberSid: sid(1107) },
      { groupSid: sid(5000), memberSid: sid(5000) },
    ])
    t.equal((await directory.memberships(sid(1107))).length, count + 1)
    t.equal((await directory.memberships(sid(5000))).length, count - 1, 'a group is not a member of itself')
  })

  t.test('an account in too many groups is an error, not an endless answer', async (t) => {
    const directory = await filled(t, database)
    await directory.addMemberships(
      Array.from({ length: 10_001 }, (_, index) => ({ groupSid: sid(100_000 + index), memberSid: sid(1107) })),
    )
    await t.rejects(directory.memberships(sid(1107)), { name: 'TooManyMemberships' })
  })

  t.test('a taken name or address changes nothing', async (t) => {
    const directory = await filled(t, database)
    await t.rejects(directory.addAccounts([newAccount(2000, 'dave'), newAccount(2001, 'ALICE')]))
    await t.rejects(
      directory.addAccounts([newAccount(2000, 'dave'), { ...newAccount(2001, 'eve'), mail: 'BOB@contoso.test' }]),
    )
    t.equal(await directory.accountByName('dave'), undefined)
    t.equal(await directory.countAccounts(), seed.accounts.length)
    for (const wrong of [
      { sid: 'x' },
      { name: 'alice' },
      { name: 'a@b\\c' },
      { mail: 'none' },
      { proxyAddresses: ['a b@c'] },
    ]) {
      await t.rejects(directory.addAccounts([{ ...newAccount(2000, 'dave'), ...wrong }]), /is not/)
    }
  })

  t.test('removed accounts and groups leave nothing behind', async (t) => {
    const directory = await filled(t, database)
    await directory.removeAccount(sid(1105))
    t.equal(await directory.accountByMail('bob@contoso.test'), undefined)
    t.same(await directory.membersOf(sid(1201)), [sid(1106)])
    await directory.addAccounts([newAccount(1105, 'bob')])
    await directory.removeMembership({ groupSid: sid(1201), memberSid: sid(1106) })
    await directory.removeGroup(sid(1202))
    t.same(names(await directory.memberships(sid(1106))), ['Domain Users'])
    t.equal(await directory.groupByMail('staff@contoso.test'), undefined)
    t.equal((await directory.groupByName('contoso\\LEGAL'))?.mail, 'legal@contoso.test')
  })

  t.test('20 000 accounts are found one by one and listed in pages', async (t) => {
    const directory = await filled(t, database)
    await directory.addAccounts(
      Array.from({ length: 20_000 }, (_, index) => newAccount(10_000 + index, `u${String(index).padStart(5, '0')}`)),
    )
    t.equal(await directory.countAccounts(), 20_000 + seed.accounts.length)
    for (const index of [0, 1, 9_999, 19_999]) {
      const user = `u${String(index).padStart(5, '0')}`
      t.equal((await directory.accountByName(user))?.mail, `${user}@contoso.test`)
      t.equal((await directory.accountByMail(`${user.toUpperCase()}@contoso.test`))?.sid, sid(10_000 + index))
    }
    const seen: string[] = []
    for (let after = ''; ;) {
      const page = await directory.listAccounts({ after, limit: 1000 })
      const last = page.at(-1)
      if (last === undefined) break
      seen.push(...page.map(({ name }) => name))
      after = last.name
    }
    t.equal(new Set(seen).size, 20_000 + seed.accounts.length)
    t.same(names(await directory.listGroups({ after: 'CONTOSO\\m', limit: 1 })), ['RMS Service Group'])
  })
}
