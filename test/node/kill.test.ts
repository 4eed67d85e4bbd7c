/** A node that is killed in the middle of its work: what a client has received is in the request log. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { licenseRequest } from '../../bench/requests.js'
import type { NodeReady } from '../../bench/node-process.js'
import { connect, readyMachine } from '../../src/client/index.js'
import { openStore } from '../../src/cluster/store/open.js'
import { seedPassword as password } from '../../src/directory/seed.js'

const connections = 16
const enough = 300

for (const signerThreads of [0, 1]) {
  t.test(
    `every license that came through before SIGKILL is in the request log, once; ${signerThreads} signer threads`,
    async (t) => {
      const database = join(t.testdir(), 'rms.sqlite')
      const child = fork(new URL('../../bench/node-process.js', import.meta.url), [
        database,
        '1',
        'openssl',
        '0',
        'root-1',
        String(signerThreads),
      ])
      t.teardown(() => child.kill('SIGKILL'))
      const [{ url }] = (await once(child, 'message')) as [NodeReady]
      const machine = readyMachine('alice-pc-mode1')
      const at = (user: string) => connect({ url, user: `${user}@contoso.test`, password, machine, mode: 1 })
      const content = await at('alice').publish({ rights: [{ to: 'staff@contoso.test', rights: ['VIEW'] }] })
      const { path, headers, body } = licenseRequest(await at('bob').certify(), content)

      const received: string[] = []
      const askOn = async (): Promise<void> => {
        for (;;) {
          const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body })
            .then((response) => response.text())
            .catch(() => undefined)
          if (answer === undefined) return
          received.push(
            /<DESCRIPTOR><OBJECT type="Content-License"><ID type="MS-GUID">(\{[^}]*\})/.exec(answer)?.[1] ?? answer,
          )
          if (received.length === enough) child.kill('SIGKILL')
        }
      }
      const exited = once(child, 'exit')
      await Promise.all([exited, ...Array.from({ length: connections }, askOn)])

      const store = await openStore(database)
      const records = await store.requestLog.query({ requestType: 'AcquireLicense', limit: 10_000 })
      await store.close()
      const logged = records.flatMap(
        ({ metadata }) => (JSON.parse(metadata) as { readonly issued: readonly string[] }).issued,
      )
      t.ok(received.length >= enough, `${received.length} licenses received`)
      t.equal(new Set(logged).size, logged.length, 'none twice')
      t.same(
        received.filter((guid) => !logged.includes(guid)),
        [],
        'none missing',
      )
    },
  )
}
