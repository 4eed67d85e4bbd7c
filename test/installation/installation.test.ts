import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { connect, DatabaseInUse, startInstallation, UnknownEndpoint } from '../../src/index.js'
import { lockDatabase } from '../../src/installation/database-lock.js'
import { isAlive, outcome } from '../cli/command.js'
import { until } from '../fixtures/until.js'
import { isOnPostgres, startPostgres } from '../cluster/postgres.js'

const server = isOnPostgres ? await startPostgres(t) : undefined
/** A new database, or none to be named: then it is a file among the data of the installation. */
const place = async (): Promise<{ readonly database?: string }> =>
  server === undefined ? {} : { database: await server.newDatabase() }
// Of this process alone: other tests run beside it.
const temporary = t.testdir()
process.env['TMPDIR'] = temporary
t.setTimeout(900_000)

t.test('an installation in this process serves, says what it is, and closes without leaving anything', async (t) => {
  const lab = await startInstallation({ mode: 1, ...(await place()) })
  t.match(lab, { mode: 1, data: undefined, url: /^http:\/\/127\.0\.0\.1:\d+\/_wmcs$/ })
  t.match(await (await fetch(`${lab.manage}/status`)).json(), { forest: 'contoso.test', clusters: lab.ready.clusters })
  const openApi = (await (await fetch(`${lab.manage}/openapi.json`)).json()) as { paths: object }
  for (const path of ['/healthz', '/status', '/forest', '/requests']) t.ok(path in openApi.paths, path)
  t.notOk('/servers/{id}' in openApi.paths, 'servers come and go where they are processes')
  t.same(readdirSync(temporary), [], 'all of it is in memory, or in the database')
  const { certificationUrl } = await connect({
    url: lab.url,
    user: 'alice@contoso.test',
    password: 'Passw0rd!',
  }).locations()
  t.equal(certificationUrl, `${lab.url}/certification`)
  await Promise.all([lab.close(), lab.close()])
  await t.rejects(fetch(`${lab.manage}/status`))
  await t.rejects(fetch(lab.url))
  t.same(readdirSync(temporary), [])
})

t.test('several root nodes in this process share everything, behind a balancer', async (t) => {
  let manage: string
  {
    await using lab = await startInstallation({ mode: 1, root: 3, ...(await place()) })
    ;({ manage } = lab)
    const before = await lab.lab.stateHash()
    const [cluster] = lab.ready.clusters
    const nodes = cluster?.nodes ?? []
    t.match(cluster, { url: lab.url, balancer: { pid: process.pid } })
    t.same(
      nodes.map(({ id, state }) => [id, state]),
      ['root-1', 'root-2', 'root-3'].map((id) => [id, 'serving']),
    )
    const served = async (url = lab.url): Promise<string> =>
      (await fetch(`${url}/licensing/license.asmx`)).headers.get('x-served-by') ?? ''
    t.same([await served(), await served(), await served()].toSorted(), ['root-1', 'root-2', 'root-3'])
    t.same(await Promise.all(nodes.map(({ url }) => served(`${url}/_wmcs`))), ['root-1', 'root-2', 'root-3'])

    const alice = { url: lab.url, user: 'alice@contoso.test', password: 'Passw0rd!' }
    const rights = [{ to: 'bob@contoso.test', rights: ['VIEW' as const] }]
    const file = await connect(alice).protectFile(Buffer.from('hello'), '.txt', { rights })
    const bob = () => connect({ ...alice, user: 'bob@contoso.test' })
    t.equal(Buffer.from((await bob().openFile(file)).plain).toString(), 'hello')
    const { entries } = await lab.lab.journal.list({})
    t.same([...new Set(entries.map(({ node }) => node))].toSorted(), ['root-1', 'root-2', 'root-3'])

    const { nodes: told } = await lab.lab.clock.put({ mode: 'frozen', at: '2030-01-01T00:00:00Z' })
    t.same(told.map(({ node }) => node).toSorted(), ['root-1', 'root-2', 'root-3'])
    await lab.lab.accounts.add({ name: 'erin' })
    await lab.lab.servers.pause('root-2')
    const others = new Set([await served(), await served(), await served(), await served()])
    t.same([...others].toSorted(), ['root-1', 'root-3'], 'the balancer takes requests away from a paused one')
    await lab.lab.servers.resume('root-2')
    await lab.lab.reset()
    t.equal(await lab.lab.stateHash(), before)
  }
  await t.rejects(fetch(`${manage}/status`), 'it ends with its block')
  t.same(readdirSync(temporary), [])
})

t.test('what cannot start leaves nothing behind, and the data can be used at once', async (t) => {
  const data = join(t.testdir(), 'lab')
  const where = { data, ...(await place()) }
  await t.rejects(startInstallation({ ...where, admit: [{ endpoint: 'nowhere', group: 'x' }] }), UnknownEndpoint)
  t.notOk(existsSync(data))
  const lab = await startInstallation(where)
  await t.rejects(startInstallation(where), DatabaseInUse, 'two on the same data')
  const { port } = new URL(lab.manage)
  await t.rejects(startInstallation({ managePort: Number(port), ...(await place()) }), { code: 'EADDRINUSE' })
  t.same(readdirSync(temporary), [], 'the temporary one of the installation that could not start')
  await lab.close()
  await t.rejects(startInstallation({ ...where, keyPassword: 'wrong' }), { name: 'WrongKeyPassword' })
  const again = await startInstallation(where)
  t.equal(again.data, data)
  await again.close()
})

t.test(
  'a program that starts and closes an installation ends by itself: no timer, socket or process is left',
  async (t) => {
    for (const options of [{ mode: 1 }, { mode: 1, processes: true, root: 1, licensing: [] }]) {
      const program = `
      import { startInstallation } from ${JSON.stringify(new URL('../../src/index.js', import.meta.url).href)}
      const lab = await startInstallation(${JSON.stringify({ ...options, ...(await place()) })})
      console.log(lab.ready.clusters[0].nodes[0].pid, (await fetch(lab.url + '/licensing/license.asmx')).status)
      await lab.close()`
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const { code, stdout } = await outcome(child)
      const [pid, status] = stdout.trim().split(' ').map(Number)
      t.same([code, status], [0, 200], JSON.stringify(options))
      t.equal(pid === child.pid, options.processes !== true)
      t.notOk(isAlive(pid ?? 0))
    }
    t.same(readdirSync(temporary), [])
  },
)

t.test('a start is ended by a signal, and leaves nothing behind', async (t) => {
  const processes = { processes: true, root: 1, licensing: [] }
  for (const options of [{}, processes]) {
    const cut = new AbortController()
    const starting = startInstallation({ ...options, signal: cut.signal, ...(await place()) })
    cut.abort(new Error('enough'))
    await t.rejects(starting, /^enough$|enough/)
    t.same(readdirSync(temporary), [])
  }
})

// Each of these makes files of its own.
if (!isOnPostgres) {
  t.test('a program that ends by an exception leaves no folder and no process', async (t) => {
    for (const options of [{ mode: 1 }, { mode: 1, processes: true, root: 1, licensing: [] }]) {
      const program = `
        import { startInstallation } from ${JSON.stringify(new URL('../../src/index.js', import.meta.url).href)}
        const lab = await startInstallation(${JSON.stringify(options)})
        console.log(lab.ready.clusters[0].nodes[0].pid)
        throw new Error('as a test that fails')`
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const { code, stdout } = await outcome(child)
      t.equal(code, 1)
      await until(() => !isAlive(Number(stdout)), 'its server has ended')
      t.same(readdirSync(temporary), [], JSON.stringify(options))
    }
  })

  t.test('the lock is for a file, in any of its spellings', async (t) => {
    const path = join(t.testdir(), 'rms.sqlite')
    const unlock = await lockDatabase(path)
    await t.rejects(lockDatabase(`sqlite:${path}`), DatabaseInUse)
    await unlock()
    await (
      await lockDatabase(`sqlite://${path}`)
    )()
    await (
      await lockDatabase(':memory:')
    )()
    await t.rejects(lockDatabase('mysql://u:secret@h/db'), {
      name: 'RangeError',
      message: /^The database mysql:… cannot/,
    })
  })
}
