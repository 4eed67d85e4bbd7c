/**
 * What does the balancer cost? 27 KB POST, 20 KB answer, through our balancer, nginx and HAProxy (where installed), and straight to the nodes.
 * Two kinds of stub node: one that answers at once, and one that works 1 ms of CPU time for each answer, as licensing does.
 * Run: node build/bench/balancer.bench.js [--seconds N]
 */
import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import { startBalancer } from '../src/balancer/balancer.js'

const self = fileURLToPath(import.meta.url)
const body = Buffer.alloc(27 * 1024, 'x')
const answer = Buffer.alloc(20 * 1024, 'a')

interface Door {
  readonly name: string
  readonly url: string
  /** The process whose CPU time is the balancer's cost. */
  readonly pid: number | undefined
  stop(): Promise<void>
}

function runStub(): void {
  const work = (): void => {
    const start = process.cpuUsage()
    for (;;) {
      const { user, system } = process.cpuUsage(start)
      if (user + system >= 1000) return
    }
  }
  const server = createServer((request, response) => {
    request.resume()
    request.once('end', () => {
      if (request.url === '/readyz') {
        response.end('ready')
        return
      }
      if (request.url === '/work') work()
      response.writeHead(200, { 'content-type': 'text/xml', 'content-length': answer.length })
      response.end(answer)
    })
  })
  server.keepAliveTimeout = 65_000
  server.listen(0, '127.0.0.1', () => void process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  process.on('disconnect', () => process.exit(0))
}

async function runBalancer(urls: readonly string[]): Promise<void> {
  const nodes = urls.map((url, index) => ({ id: `node-${index + 1}`, url }))
  const balancer = await startBalancer({ clusters: [{ name: 'bench', listeners: [{ name: 'bench', host: '127.0.0.1', port: 0 }], nodes }] })
  await balancer.waitUntil(({ clusters }) => clusters[0]?.nodes.every(({ state }) => state === 'ready') === true)
  process.send?.(balancer.clusters[0]?.listeners[0]?.url ?? '')
  process.on('disconnect', () => process.exit(0))
}

async function forkSelf(...args: string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(self, args)
  const [url] = (await once(child, 'message')) as [string]
  return { child, url }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function whenListening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch {
      // Not yet.
    } finally {
      socket.destroy()
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
}

function isInstalled(command: string): boolean {
  try {
    execFileSync('which', [command], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const hostOf = (url: string) => new URL(url).host

const nginxConfig = (folder: string, port: number, urls: readonly string[]) => `
worker_processes 1; daemon off; master_process off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log off; client_body_buffer_size 64k; proxy_buffers 8 16k;
  client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  upstream nodes { ${urls.map((url) => `server ${hostOf(url)};`).join(' ')} keepalive 64; }
  server { listen 127.0.0.1:${port};
    location / { proxy_pass http://nodes; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; } }
}`

const haproxyConfig = (port: number, urls: readonly string[]) => `
global
  nbthread 1
defaults
  mode http
  timeout connect 2s
  timeout client 65s
  timeout server 60s
  option forwardfor
frontend front
  bind 127.0.0.1:${port}
  default_backend nodes
backend nodes
  balance roundrobin
${urls.map((url, index) => `  server node${index} ${hostOf(url)}`).join('\n')}
`

async function openDoor(name: string, urls: readonly string[], folder: string): Promise<Door> {
  if (name === 'straight') return { name, url: urls[0] ?? '', pid: undefined, stop: async () => undefined }
  if (name === 'rms-emulator') {
    const { child, url } = await forkSelf('balancer', ...urls)
    return { name, url, pid: child.pid, stop: async () => end(child) }
  }
  const port = await freePort()
  const file = join(folder, `${name}.conf`)
  writeFileSync(file, name === 'nginx' ? nginxConfig(folder, port, urls) : haproxyConfig(port, urls))
  const child = name === 'nginx' ? spawn('nginx', ['-c', file, '-p', folder], { stdio: 'ignore' }) : spawn('haproxy', ['-f', file, '-db'], { stdio: 'ignore' })
  await whenListening(port)
  return { name, url: `http://127.0.0.1:${port}`, pid: child.pid, stop: async () => end(child) }
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

/** CPU time in microseconds, where the system tells (Linux). */
function cpuTime(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * 10_000
  } catch {
    return NaN
  }
}

async function measure(door: Door, path: string, seconds: number) {
  const run = { url: `${door.url}${path}`, method: 'POST', body, headers: { 'content-type': 'text/xml' }, connections: 16 } as const
  const before = cpuTime(door.pid)
  const { requests, latency, errors, non2xx } = await autocannon({ ...run, duration: seconds })
  return { rate: requests.average, cpu: (cpuTime(door.pid) - before) / requests.total, p50: latency.p50, p99: latency.p99, failed: errors + non2xx }
}

async function main(seconds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'balancer-bench-'))
  const names = ['straight', 'rms-emulator', ...['nginx', 'haproxy'].filter(isInstalled)]
  console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, 16 connections, 2 nodes, ${seconds} s each, load generator on the same machine`)
  const nodes = await Promise.all([1, 2].map(async () => forkSelf('stub')))
  const doors: Door[] = []
  for (const name of names) doors.push(await openDoor(name, nodes.map(({ url }) => url), folder))
  // A cold JavaScript engine costs several times as much: every process that takes part is warm before anything counts.
  for (const door of doors) await measure(door, '/plain', seconds)
  for (const path of ['/plain', '/work']) {
    const rates = new Map<string, number>()
    console.log(`\n${path === '/plain' ? 'nodes that answer at once' : 'nodes that work 1 ms for each answer'} (straight: one node, no balancer)`)
    // In turns, so that other load on the machine meets all of them.
    for (const door of [...doors, ...doors]) {
      const { rate, cpu, p50, p99, failed } = await measure(door, path, seconds)
      rates.set(door.name, (rates.get(door.name) ?? 0) + rate / 2)
      console.log(`${door.name.padEnd(14)} ${rate.toFixed(0).padStart(6)} req/s  ${cpu.toFixed(0).padStart(4)} µs CPU per request  p50 ${p50} ms  p99 ${p99} ms  failed ${failed}`)
    }
    const [ours, nginx] = [rates.get('rms-emulator'), rates.get('nginx')]
    if (ours !== undefined && nginx !== undefined) console.log(`rms-emulator / nginx: ${((100 * ours) / nginx).toFixed(1)} %`)
  }
  await Promise.all([...doors.map(async (door) => door.stop()), ...nodes.map(async ({ child }) => end(child))])
  rmSync(folder, { recursive: true, force: true })
}

const [role, ...rest] = process.argv.slice(2)
if (role === 'stub') runStub()
else if (role === 'balancer') await runBalancer(rest)
else await main(role === '--seconds' ? Number(rest[0]) : role === '--quick' ? 1 : 5)
