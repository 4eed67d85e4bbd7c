/** The state of an installation: one word for it, and the ways back to an earlier one. */
import t from 'tap'
import { connect } from '../../src/client/index.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { startNode } from '../../src/node/start.js'
import { sharedDatabase } from '../cluster/postgres.js'
import { apiOver } from './api-app.js'

const database = await sharedDatabase(t)
// An hour: none of them refreshes while this runs.
const settings = { configurationRefreshIntervalSeconds: 3600 }
const first = await startNode({ database, mode: 1, settings })
const second = await startNode({ database, provision: false, nodeId: 'root-2' })
const { store } = first.context
const { app, call } = await apiOver(store)
t.teardown(async () => {
  await app.close()
  await second.close()
  await first.close()
})
const hashNow = async (): Promise<string> => {
  const { status, text } = await call('GET', '/lab/state-hash')
  const hash = /^\{"hash":"([0-9a-f]{64})"\}$/.exec(text)?.[1]
  if (hash === undefined) throw new Error(`${status} ${text}`)
  return hash
}

t.test(
  'the hash is another one after each change that a client could notice, and the same one when it is undone',
  async (t) => {
    const hashes = [await hashNow()]
    const step = async (...change: Parameters<typeof call>): Promise<void> => {
      const { status, text } = await call(...change)
      t.ok(status < 300, `${change[0]} ${change[1]}: ${status} ${text.slice(0, 200)}`)
      hashes.push(await hashNow())
    }
    const wordy = { filename: 'WINWORD.EXE', minimumVersion: '1', maximumVersion: '12' }
    await step('POST', '/directory/accounts', { name: 'dave', mail: 'dave@contoso.test', password })
    await step('POST', '/directory/groups/legal@contoso.test/members', { members: ['dave@contoso.test'] })
    await step('POST', '/clusters/root/exclusion/applications', wordy)
    await step('PUT', '/clusters/root/super-users', { enabled: true, group: 'superusers@contoso.test' })
    await step('PUT', '/lab/clock', { mode: 'frozen', at: '2030-01-01T00:00:00Z' })
    await step('PUT', '/lab/faults/gone', { ready: 'template-deleted' })
    t.equal(new Set(hashes).size, hashes.length, 'each is another one')
    await step('DELETE', '/lab')
    await step('PUT', '/clusters/root/super-users', { enabled: false, group: null })
    await step('DELETE', '/clusters/root/exclusion/applications/WINWORD.EXE')
    await step('DELETE', '/directory/accounts/dave@contoso.test')
    t.equal(hashes.at(-1), hashes[0], 'all is as before, whatever the versions say')
  },
)

t.test('what is asked and who serves is not in the hash; a key pair that an account got is', async (t) => {
  const before = await hashNow()
  const alice = connect({ url: first.baseUrl, user: 'alice@contoso.test', password })
  await alice.serverInfo()
  const third = await startNode({ database, provision: false, nodeId: 'root-3' })
  t.equal(await hashNow(), before)
  await third.close()
  await alice.certify()
  await alice.close()
  t.ok((await store.requestLog.count({})) > 0)
  t.not(await hashNow(), before)
})
