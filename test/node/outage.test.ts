/** A node whose database goes away: who is known gets licenses, new accounts do not, and the log has everything when it is back. */
import { mkdirSync, readdirSync, renameSync, statSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { connect, readyMachine, type RmsClient } from '../../src/client/index.js'
import { UnknownCluster } from '../../src/cluster/server-state.js'
import { openStore } from '../../src/cluster/store/open.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { startNode } from '../../src/node/start.js'
import { testClock } from '../fixtures/test-clock.js'
import { until } from '../fixtures/until.js'

t.setTimeout(900_000)

const folder = t.testdir({ data: {}, elsewhere: {} })
const database = join(folder, 'data', 'rms.sqlite')
const spoolFolder = join(folder, 'spool')

/** The file with its companions. */
function move(from: string, to: string): void {
  mkdirSync(join(folder, to), { recursive: true })
  for (const name of readdirSync(join(folder, from))) renameSync(join(folder, from, name), join(folder, to, name))
}

t.test('join only: without the cluster there is an error, and no change', async (t) => {
  await t.rejects(startNode({ database, provision: false }), {
    name: 'DatabaseRefused',
    message: /There is no database file/,
  })
  t.same(readdirSync(join(folder, 'data')), [], 'nothing is made')
  const store = await openStore(database)
  await t.rejects(startNode({ database, provision: false }), UnknownCluster)
  t.same([await store.clusters.list(), await store.members.list(), await store.forest.find()], [[], [], undefined])
  await store.close()
})

t.test(
  'licensing goes on while the database is away, certification does not, nothing is missing from the log',
  async (t) => {
    const node = await startNode({ database, spoolFolder })
    const store = await openStore(database)
    const at = (user: string): RmsClient =>
      connect({ url: node.baseUrl, user: `CONTOSO\\${user}`, password, machine: readyMachine('alice-pc-mode2') })
    const [alice, bob] = [at('alice'), at('bob')]
    const pl = await alice.publish({ rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] })
    await bob.acquireLicense(pl.text)
    const byNtlm = connect({
      url: node.baseUrl,
      user: 'CONTOSO\\bob',
      password,
      machine: readyMachine('bob-pc-mode2'),
      signIn: 'ntlm',
    })
    await byNtlm.bootstrap()
    await byNtlm.close()
    const query = { requestType: 'AcquireLicense' }
    const before = await store.requestLog.count(query)
    t.equal(before, 1)

    move('data', 'elsewhere')
    for (let count = 0; count < 3; count++) t.ok(await bob.acquireLicense(pl.text))
    t.ok(await byNtlm.acquireLicense(pl.text), 'who has signed in by NTLM before, on a new connection')
    await t.rejects(at('carol').certify(), 'whom the node does not know')
    for (const headers of [new Headers(), new Headers({ authorization: 'Basic eDp5' })]) {
      const spoolOf = () => readdirSync(spoolFolder).map((name) => statSync(join(spoolFolder, name)).size)
      const waiting = spoolOf()
      t.equal((await fetch(`${node.url}/my/v2/templates`, { headers })).status, 401)
      await node.context.requestLog.flush()
      t.same(spoolOf(), waiting, 'strangers do not fill the spool')
    }
    t.ok(readdirSync(spoolFolder).some((name) => name.endsWith('.spool')))

    move('elsewhere', 'data')
    await node.close()
    t.equal(await store.requestLog.count(query), before + 4, 'none lost, none twice')
    t.same(await store.members.list(), [])
    await store.close()
  },
)

t.test(
  'a node that can record nothing is not ready and says why, until the spool or the database takes records',
  async (t) => {
    const blocked = join(t.testdir(), 'blocked')
    const timers = testClock()
    const node = await startNode({ database, spoolFolder: join(blocked, 'spool'), timers })
    t.teardown(() => node.close())
    const bob = connect({ url: node.baseUrl, user: 'CONTOSO\\bob', password, machine: readyMachine('bob-pc-mode2') })
    const pl = await bob.publish({ rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] })
    await bob.acquireLicense(pl.text)
    const readyz = async (): Promise<{ readonly code: number; readonly said: unknown }> => {
      const response = await fetch(`${node.url}/readyz`)
      return { code: response.status, said: await response.json() }
    }
    const ready = { code: 200, said: { status: 'ready', node: node.nodeId } }
    const untilReady = (what: string): Promise<void> =>
      until(async () => {
        await timers.advance(1000)
        return (await readyz()).code === 200
      }, what)
    /** A file where the folder is to be: nothing can be written there, not by root either. */
    const block = (): void => {
      rmSync(blocked, { recursive: true, force: true })
      writeFileSync(blocked, '')
    }

    block()
    t.ok(await bob.acquireLicense(pl.text), 'the database takes the record')
    t.match(await readyz(), ready)

    move('data', 'elsewhere')
    await t.rejects(bob.acquireLicense(pl.text))
    const unable = await readyz()
    t.match(unable, { code: 503, said: { status: 'unable', node: node.nodeId, reason: /none can be recorded/ } })
    t.notMatch(JSON.stringify(unable), folder, 'no path')
    await timers.advance(10_000)
    t.same(await readyz(), unable, 'time alone changes nothing')

    rmSync(blocked)
    await untilReady('ready by the spool')
    t.match(await readyz(), ready)
    t.ok(await bob.acquireLicense(pl.text), 'it serves again, without the database')

    block()
    await t.rejects(bob.acquireLicense(pl.text))
    t.equal((await readyz()).code, 503)
    move('elsewhere', 'data')
    await untilReady('ready by the database')
    t.ok(await bob.acquireLicense(pl.text), 'it serves again, without the spool')

    await node.leave()
    t.match(await readyz(), { code: 503, said: { status: 'leaving' } })
  },
)

t.test('without a spool a node is not ready while its database is away', async (t) => {
  const timers = testClock()
  const node = await startNode({ database, timers })
  t.teardown(() => node.close())
  const bob = connect({ url: node.baseUrl, user: 'CONTOSO\\bob', password, machine: readyMachine('bob-pc-mode2') })
  const pl = await bob.publish({ rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] })
  await bob.acquireLicense(pl.text)
  const code = async (): Promise<number> => (await fetch(`${node.url}/readyz`)).status
  move('data', 'elsewhere')
  await t.rejects(bob.acquireLicense(pl.text))
  t.equal(await code(), 503)
  move('elsewhere', 'data')
  await until(async () => {
    await timers.advance(1000)
    return (await code()) === 200
  }, 'ready again')
})
