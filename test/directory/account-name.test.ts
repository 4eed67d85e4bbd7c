import t from 'tap'
import { accountKey } from '../../src/directory/account-name.js'
import { seedDirectory as seed, seedForest } from '../../src/directory/seed.js'

t.test('every way to write an account of this forest gives the same key', async (t) => {
  for (const name of [
    'CONTOSO\\alice',
    'contoso\\ALICE',
    'contoso.test\\alice',
    'alice@contoso.test',
    'Alice@CONTOSO.TEST',
    'alice',
  ]) {
    t.equal(accountKey(name, seedForest), 'contoso\\alice', name)
  }
})

t.test('names of other domains and empty names have none', async (t) => {
  for (const name of [
    'FABRIKAM\\alice',
    'alice@fabrikam.test',
    '',
    '\\',
    '@',
    'CONTOSO\\',
    '@contoso.test',
    '\\alice',
  ]) {
    t.equal(accountKey(name, seedForest), undefined, name)
  }
})

t.test('the seed has one SID, name and address for each object', async (t) => {
  const objects = [...seed.accounts, ...seed.groups]
  t.equal(new Set(objects.map(({ sid }) => sid)).size, objects.length)
  t.equal(new Set(objects.map(({ name }) => name.toLowerCase())).size, objects.length)
  const sids = new Set(objects.map(({ sid }) => sid))
  t.ok(seed.memberships.every(({ groupSid, memberSid }) => sids.has(groupSid) && sids.has(memberSid)))
})
