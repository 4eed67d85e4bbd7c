/** What can stand before nodes: our balancer, nginx and HAProxy, each a process of its own, where they are installed. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startProgram, type Profile } from './spawn-node.js'

export type DoorName = 'rms-emulator' | 'nginx' | 'HAProxy'

export interface Door {
  readonly name: DoorName | 'straight to one node'
  /** Without a path. */
  readonly url: string
  /** CPU time so far in milliseconds, where the system tells (Linux); in steps of ten. */
  cpu(): number | undefined
  close(): Promise<void>
}

export const doorNames: readonly DoorName[] = ['rms-emulator', 'nginx', 'HAProxy']

/** Tries to reach a door, ten milliseconds apart. */
const mostTries = 1000

export function isInstalled(name: DoorName): boolean {
  if (name === 'rms-emulator') return true
  try {
    execFileSync(name.toLowerCase(), ['-v'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/**
 * @param urls of the nodes behind it
 * @param profile of our own balancer, when it is that
 * @throws when it cannot be reached
 */
export async function openDoor(name: DoorName, urls: readonly string[], profile?: Profile): Promise<Door> {
  if (name === 'rms-emulator') {
    const { child, ready, close } = await startProgram('balancer-process.js', urls, { profile })
    return { name, url: (ready as { readonly url: string }).url, cpu: () => cpuOf(child.pid), close }
  }
  const folder = await mkdtemp(join(tmpdir(), 'rms-emulator-bench-'))
  const port = await freePort()
  const file = join(folder, 'door.conf')
  await writeFile(file, name === 'nginx' ? nginxConfig(folder, port, urls) : haproxyConfig(port, urls))
  const child = spawn(name.toLowerCase(), name === 'nginx' ? ['-c', file, '-p', folder] : ['-f', file, '-db'], {
    stdio: 'ignore',
  })
  const close = async (): Promise<void> => {
    await end(child)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await whenListening(port, child, name)
  } catch (error) {
    await close()
    throw error
  }
  return { name, url: `http://127.0.0.1:${port}`, cpu: () => cpuOf(child.pid), close }
}

const hostOf = (url: string): string => new URL(url).host

/** One worker; buffers that hold a whole message, as it would be set for this traffic. */
const nginxConfig = (folder: string, port: number, urls: readonly string[]): string => `
worker_processes 1; daemon off; master_process off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log off; client_body_buffer_size 64k; proxy_buffers 8 16k;
  client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  keepalive_requests 1000000000;
  upstream nodes { ${urls.map((url) => `server ${hostOf(url)};`).join(' ')} keepalive 64; keepalive_requests 1000000000; }
  server { listen 127.0.0.1:${port};
    location / { proxy_pass http://nodes; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; } }
}
`

const haproxyConfig = (port: number, urls: readonly string[]): string => `
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
${urls.map((url, index) => `  server node${index + 1} ${hostOf(url)}`).join('\n')}
`

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function whenListening(port: number, child: ChildProcess, name: string): Promise<void> {
  for (let tries = 0; tries < mostTries; tries++) {
    if (child.exitCode !== null) throw new Error(`${name} ended at once, with ${child.exitCode}`)
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch {
      await wait(10)
    } finally {
      socket.destroy()
    }
  }
  throw new Error(`${name} does not listen on port ${port}`)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

function cpuOf(pid: number | undefined): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return undefined
  }
}
