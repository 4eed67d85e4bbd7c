import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Agent } from 'node:http'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { issueServerCertificate, makeLabCa } from '../../src/crypto/lab-ca.js'
import { systemClock, systemRandom } from '../../src/effects.js'
import { programFile } from '../../src/package-folder.js'
import { ask, askEcho, rawClient } from './lab.js'
import { startUpstream, type Echo, type Upstream } from './upstream.js'

const main = fileURLToPath(programFile('main.js'))
const token = 'a-token-for-tests'

interface Ready {
  readonly clusters: readonly { readonly listeners: readonly { readonly url: string }[] }[]
  readonly status: string
}

/** The process form. `logged` resolves with the next line of the log that matches, among those not seen yet. */
async function startProcess(t: Test, file: string, ...flags: string[]) {
  return startTrusting(t, undefined, file, ...flags)
}

/** @param ca file with the certificate that those of https nodes lead to */
async function startTrusting(t: Test, ca: string | undefined, file: string, ...flags: string[]) {
  const child = spawn(
    process.execPath,
    [main, 'balancer', '--nodes', file, '--json', '--balancer-token', token, ...flags],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...(ca === undefined ? {} : { NODE_EXTRA_CA_CERTS: ca }) },
    },
  )
  t.teardown(() => child.kill('SIGKILL'))
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>
  const lines: string[] = []
  const looking = new Set<() => void>()
  createInterface(child.stderr).on('line', (line) => {
    lines.push(line)
    for (const look of looking) look()
  })
  const logged = (pattern: RegExp): Promise<string> =>
    new Promise((resolve) => {
      const look = (): void => {
        const index = lines.findIndex((line) => pattern.test(line))
        if (index < 0) return
        looking.delete(look)
        resolve(lines.splice(index, 1)[0] ?? '')
      }
      looking.add(look)
      look()
    })
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), exited.then(() => ['{}'])])) as [
    string,
  ]
  return { child, exited, logged, lines, ready: JSON.parse(line) as Ready }
}

function writeNodes(file: string, upstreams: readonly Upstream[]): void {
  const nodes = upstreams.map(({ id, url }) => ({ id, url }))
  writeFileSync(
    file,
    JSON.stringify({
      clusters: [
        {
          name: 'root',
          listeners: [
            { name: 'intranet', port: 0 },
            { name: 'extranet', port: 0 },
          ],
          nodes,
        },
      ],
    }),
  )
}

t.test('the balancer as a process', async (t) => {
  const file = join(t.testdir(), 'nodes.json')
  const [first, second] = [await startUpstream(t, 'one'), await startUpstream(t, 'two')]
  writeNodes(file, [first])
  const { child, exited, logged, ready } = await startProcess(t, file, '--listener-key', 'of-balancer-and-nodes')
  const [intranet = '', extranet = ''] = ready.clusters.flatMap(({ listeners }) => listeners.map(({ url }) => url))
  const authorization = `Bearer ${token}`
  await logged(/node one is ready/)

  await t.test('each listener says its name to the nodes', async (t) => {
    t.match((await askEcho(`${intranet}/echo`)).headers.join('|'), /X-Balancer-Listener\|intranet/)
    const asked = await askEcho(`${extranet}/echo`, {
      headers: { 'x-balancer-listener': 'intranet', 'x-balancer-key': 'guessed' },
    })
    t.match(asked.headers.join('|'), /X-Balancer-Listener\|extranet\|X-Balancer-Key\|of-balancer-and-nodes\|/)
    t.notMatch(asked.headers.join('|'), /guessed|intranet/)
  })

  await t.test('SIGHUP reads the node list again', async (t) => {
    writeNodes(file, [first, second])
    child.kill('SIGHUP')
    await logged(/node two is ready/)
    t.same([(await askEcho(`${intranet}/echo`)).node, (await askEcho(`${intranet}/echo`)).node].toSorted(), [
      'one',
      'two',
    ])
    writeNodes(file, [second])
    child.kill('SIGHUP')
    await logged(/node one has left/)
    t.match(await askEcho(`${intranet}/echo`), { node: 'two' })
  })

  await t.test('a wrong list changes nothing', async (t) => {
    writeFileSync(file, '{"clusters":')
    child.kill('SIGHUP')
    t.match(await logged(/stays as it was/), /nodes\.json cannot be used\. It is not JSON/)
    t.match(await askEcho(`${intranet}/echo`), { node: 'two' })
  })

  await t.test('status, page and metrics', async (t) => {
    const status = JSON.parse((await ask(`${ready.status}/status`, { method: 'GET' })).body) as object
    t.match(status, {
      clusters: [
        {
          name: 'root',
          listeners: [{ name: 'intranet', url: intranet }, { name: 'extranet' }],
          nodes: [{ id: 'two', state: 'ready', running: 0, counters: { failures: 0 } }],
        },
      ],
    })
    const page = await ask(ready.status, { method: 'GET' })
    t.match(page, { status: 200, headers: { 'content-type': /text\/html/ }, body: /<td>two<\/td>/ })
    t.match(page.body, /<title>Balancer of root<\/title>/)
    const metrics = await ask(`${ready.status}/metrics`, { method: 'GET' })
    t.match(metrics.body, /rms_balancer_requests_total\{cluster="root",status="200"\} 6\n/)
    t.match(metrics.body, /rms_balancer_node_ready\{cluster="root",node="two"\} 1\n/)
    t.match(metrics.body, /rms_balancer_request_duration_seconds_count\{cluster="root"\} 6\n/)
    t.match(await ask(`${ready.status}/favicon.ico`, { method: 'GET' }), { status: 204 })
    t.match(await ask(`${ready.status}/other`, { method: 'GET' }), { status: 404 })
  })

  await t.test('POST /nodes and /drain need the token and change the list', async (t) => {
    const nodes = [first, second].map(({ id, url }) => ({ id, url }))
    const body = JSON.stringify({ cluster: 'root', nodes })
    t.match(await ask(`${ready.status}/nodes`, { body }), { status: 401 })
    t.match(await ask(`${ready.status}/nodes`, { body, headers: { authorization: 'Bearer a-token-for-testz' } }), {
      status: 401,
    })
    t.match(await ask(`${ready.status}/nodes`, { body: '{}', headers: { authorization } }), {
      status: 400,
      body: /cluster is missing/,
    })
    t.match(await ask(`${ready.status}/nodes`, { body: '{"cluster":"x","nodes":[]}', headers: { authorization } }), {
      status: 404,
      body: /no cluster/,
    })
    t.match(await ask(`${ready.status}/nodes`, { body, headers: { authorization } }), {
      status: 200,
      body: /"id":"one"/,
    })
    await logged(/node one is ready/)
    t.match(
      await ask(`${ready.status}/drain`, { body: '{"cluster":"root","node":"two"}', headers: { authorization } }),
      { status: 200, body: /"draining"/ },
    )
    t.match(await askEcho(`${intranet}/echo`), { node: 'one' })
    t.match(await askEcho(`${intranet}/echo`), { node: 'one' })
    t.match(
      await ask(`${ready.status}/resume`, { body: '{"cluster":"root","node":"two"}', headers: { authorization } }),
      { status: 200 },
    )
    await logged(/node two is ready/)
  })

  await t.test('POST /open and /close: listeners come and go', async (t) => {
    const change = (path: string, body: object, headers = { authorization }) =>
      ask(`${ready.status}${path}`, { body: JSON.stringify(body), headers })
    const listener = { name: 'partners', port: 0 }
    t.match(await ask(`${ready.status}/open`, { body: JSON.stringify({ cluster: 'root', listener }) }), { status: 401 })
    t.match(await ask(`${ready.status}/close`, { body: '{"cluster":"root","listener":"intranet"}' }), { status: 401 })
    const opened = await change('/open', { cluster: 'root', listener })
    t.equal(opened.status, 200)
    const { clusters } = JSON.parse(opened.body) as {
      clusters: readonly { listeners: readonly { name: string; url: string }[] }[]
    }
    const { url = '' } = clusters[0]?.listeners.find(({ name }) => name === 'partners') ?? {}
    t.match((await askEcho(`${url}/echo`)).headers.join('|'), /X-Balancer-Listener\|partners/)
    t.match(await change('/open', { cluster: 'root', listener }), {
      status: 400,
      body: /has a listener partners already/,
    })
    t.match(await change('/open', { cluster: 'root', listener: { name: 'more', port: Number(new URL(url).port) } }), {
      status: 409,
      body: /EADDRINUSE/,
    })
    t.match(await change('/open', { cluster: 'root', listener: { name: 'direct', port: 0 } }), {
      status: 400,
      body: /came by no listener/,
    })
    t.match(await change('/open', { cluster: 'x', listener }), { status: 404, body: /no cluster/ })
    t.match(await change('/close', { cluster: 'root', listener: 'nobody' }), { status: 404, body: /no listener/ })
    t.match(await change('/close', { cluster: 'root', listener: 'partners' }), { status: 200 })
    await t.rejects(ask(`${url}/echo`))
    t.match(await askEcho(`${extranet}/echo`), { node: 'one' }, 'the others stay')
    t.match(await change('/close', { cluster: 'root', listener: 'extranet' }), { status: 200 })
    t.match(await change('/close', { cluster: 'root', listener: 'intranet' }), { status: 400, body: /last listener/ })
  })

  await t.test('SIGTERM finishes what runs and ends with 0', async (t) => {
    const client = await rawClient(t, intranet)
    client.send('POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi')
    const holder = await Promise.race(
      [first, second].map(async (upstream) => upstream.next('holding').then(() => upstream)),
    )
    const idle = await rawClient(t, intranet)
    child.kill('SIGTERM')
    t.equal(await idle.rest(), '')
    holder.tell('release')
    t.match(await client.rest(), /^HTTP\/1\.1 200/)
    t.same(await exited, [0, null])
  })
})

t.test('a start that cannot be is refused with a sentence', async (t) => {
  const missing = await startProcess(t, join(t.testdir(), 'none.json'))
  t.same(await missing.exited, [1, null])
  t.match(missing.lines.join('\n'), /^The node list \S+none\.json cannot be used\. ENOENT/)
})

t.test('a node with https is checked against its own name, whatever Host the client says', async (t) => {
  const folder = t.testdir()
  const effects = { clock: systemClock, random: systemRandom }
  const ca = await makeLabCa(effects)
  writeFileSync(join(folder, 'ca.pem'), ca.cert)
  const tls = await issueServerCertificate(ca, ['127.0.0.1'], effects)
  const named = await issueServerCertificate(ca, ['localhost'], effects)
  const upstreams = [await startUpstream(t, 'by-address', { tls }), await startUpstream(t, 'by-name', { tls: named })]
  const [byAddress, byName] = upstreams.map(({ id, url }) => ({ id, url }))
  const nodes = [byAddress, { id: 'by-name', url: byName?.url.replace('127.0.0.1', 'localhost') ?? '' }]
  const file = join(folder, 'nodes.json')
  const listeners = [{ name: 'intranet', port: 0 }]
  writeFileSync(file, JSON.stringify({ clusters: [{ name: 'root', listeners, nodes }] }))
  const { lines, logged, ready } = await startTrusting(t, join(folder, 'ca.pem'), file)
  const url = ready.clusters[0]?.listeners[0]?.url ?? ''
  for (const { id } of upstreams) await logged(new RegExp(`node ${id} is ready`))

  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const connections = new Set<string>()
  for (const host of ['other.contoso.test', 'localhost', '127.0.0.1', 'x', '10.0.0.1:80', '[::1]:7000', 'by-name'])
    for (const _ of upstreams) {
      const { node, connection } = await askEcho(`${url}/echo`, { agent, headers: { host } })
      connections.add(`${node} ${connection}`)
    }
  t.equal(connections.size, 2, 'each node has the connection that it had: another name makes no new one')

  const client = await rawClient(t, url)
  const post = async (host: string, token: string): Promise<string> => {
    const message = Buffer.from(token, 'latin1').toString('base64')
    client.send(`POST /ntlm HTTP/1.1\r\nHost: ${host}\r\nAuthorization: NTLM ${message}\r\nContent-Length: 2\r\n\r\nhi`)
    return client.until(/\r\n\r\n(?:[^]*\r\n0\r\n\r\n)?/)
  }
  t.match(await post('localhost', 'NTLMSSP\0\x01\0\0\0negotiate'), /^HTTP\/1\.1 401/)
  const answer = await post('127.0.0.1', 'NTLMSSP\0\x03\0\0\0alice')
  t.match(answer, /^HTTP\/1\.1 200/, 'a sign-in goes on under another name')
  client.send('POST /ntlm HTTP/1.1\r\nHost: third.test\r\nContent-Length: 2\r\n\r\nhi')
  const later = await client.until(/\r\n0\r\n\r\n/)
  t.equal((JSON.parse(later.slice(later.indexOf('{'), later.lastIndexOf('}') + 1)) as Echo).user, 'alice')
  t.same(
    lines.filter((line) => line.includes('is down')),
    [],
  )
})

t.test('a node whose certificate is not for its own name is down', async (t) => {
  const folder = t.testdir()
  const effects = { clock: systemClock, random: systemRandom }
  const ca = await makeLabCa(effects)
  writeFileSync(join(folder, 'ca.pem'), ca.cert)
  const tls = await issueServerCertificate(ca, ['other.contoso.test'], effects)
  const upstream = await startUpstream(t, 'wrong', { tls })
  writeNodes(join(folder, 'nodes.json'), [upstream])
  const { logged, ready } = await startTrusting(t, join(folder, 'ca.pem'), join(folder, 'nodes.json'))
  t.match(await logged(/node wrong is down/), /does not match certificate's altnames: IP: 127\.0\.0\.1/)
  const url = ready.clusters[0]?.listeners[0]?.url ?? ''
  t.match(await ask(`${url}/echo`, { headers: { host: 'other.contoso.test' } }), { status: 503 })
})
