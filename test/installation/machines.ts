/**
 * Machines to put servers on: network namespaces of their own, joined by a bridge in the namespace of this process, or, where those cannot be
 * made, addresses of the loopback network. Nothing has a name that others could see: a namespace ends with the processes in it, and these
 * end with this process, however it ends.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { main } from '../cli/command.js'
import { hangs } from '../fixtures/until.js'

export type Way = 'network namespaces' | 'loopback addresses'

export interface Machine {
  readonly address: string
  /** Its own data folder. */
  readonly folder: string
  /** Runs a command of ours to its end. */
  run(args: readonly string[]): { readonly code: number | null; readonly stdout: string; readonly stderr: string }
  /** Starts a server, and waits until it says that it is ready. */
  start(args: readonly string[]): Promise<Server>
  close(): void
}

export interface Server {
  /** What it printed then. */
  readonly ready: Readonly<Record<string, unknown>>
  signal(name: 'HUP' | 'TERM' | 'KILL'): void
  readonly ended: Promise<unknown>
}

/** Of this process, where the database is. The network is the one that documentation may use; it leads nowhere. */
export const ownAddress = { 'network namespaces': '192.0.2.1', 'loopback addresses': '127.0.0.1' } as const
export const network = '192.0.2.0/24'

/** Whether this machine lets us make namespaces, bridges and pairs of interfaces. */
export function possibleWay(): Way {
  const probe = spawnSync('unshare', [
    '--net',
    'sh',
    '-c',
    'ip link add lan type bridge && ip link add one type veth peer name two && nsenter --version',
  ])
  return probe.status === 0 ? 'network namespaces' : 'loopback addresses'
}

/** To be called once, in a new namespace: the bridge that all machines are at. */
export function layBridge(): void {
  for (const line of [
    'link set lo up',
    'link add lan type bridge',
    `addr add ${ownAddress['network namespaces']}/24 dev lan`,
    'link set lan up',
  ])
    ip(line)
}

/** @param number 2 to 254, its place in the network */
export function createMachine(way: Way, number: number, folder: string, environment: NodeJS.ProcessEnv): Machine {
  const namespace = way === 'network namespaces' ? createNamespace(number) : undefined
  const address = namespace?.address ?? `127.0.0.${number}`
  const own = join(folder, `machine-${number}`)
  mkdirSync(own, { recursive: true })
  const inside = namespace === undefined ? [] : ['nsenter', '-t', String(namespace.holder.pid), '-n']
  const options = { cwd: own, env: { ...environment, TMPDIR: own } }
  return {
    address,
    folder: own,
    run: (args) => {
      const [command = '', ...rest] = [...inside, process.execPath, main, ...args]
      const {
        status: code,
        stdout,
        stderr,
      } = spawnSync(command, rest, { ...options, encoding: 'utf8', timeout: hangs })
      return { code, stdout, stderr }
    },
    start: (args) => {
      const [command = '', ...rest] = [...inside, '/bin/sh', '-c', keeper, 'sh', process.execPath, main, ...args]
      return serverOf(spawn(command, rest, { ...options, stdio: ['pipe', 'pipe', 'pipe'] }))
    },
    close: () => namespace?.holder.stdin?.end(),
  }
}

/** Passes signals on by name, a line each, and kills the server when it gets one itself, or our end of its standard input closes: we are no more. */
const keeper =
  'trap : HUP INT TERM; "$@" </dev/null & server=$!; exec >&- 2>&-; while read -r signal; do kill -"$signal" $server; done; kill -KILL $server; wait $server'

async function serverOf(child: ChildProcess): Promise<Server> {
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => void (said += text))
  child.stdin?.on('error', () => undefined)
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  // The keeper has closed its own: this is the end of the server.
  const ended = once(lines, 'close').then(() => child.stdin?.end())
  const ready = await new Promise<Server['ready']>((resolve, reject) => {
    lines.once('line', (line) => resolve(JSON.parse(line) as Server['ready']))
    void ended.then(() => reject(new Error(`The server ended: ${said}`)))
  })
  return { ready, signal: (name) => void child.stdin?.write(`${name}\n`), ended }
}

/** It lasts as long as the process that holds it, and that one as long as our end of its standard input. */
function createNamespace(number: number): { readonly address: string; readonly holder: ChildProcess } {
  const address = `192.0.2.${number}`
  const holder = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'ignore', 'inherit'] })
  waitForNamespace(holder.pid ?? 0)
  ip(`link add machine${number} type veth peer name eth0 netns ${holder.pid}`)
  ip(`link set machine${number} master lan up`)
  for (const line of ['link set lo up', `addr add ${address}/24 dev eth0`, 'link set eth0 up'])
    run('nsenter', ['-t', String(holder.pid), '-n', 'ip', ...line.split(' ')])
  return { address, holder }
}

/** unshare has left our namespace when it has become the other program. */
function waitForNamespace(pid: number): void {
  run('/bin/sh', [
    '-c',
    `for try in $(seq 6000); do [ "$(cat /proc/${pid}/comm)" = cat ] && exit 0; sleep 0.01; done; exit 1`,
  ])
}

function ip(line: string): void {
  run('ip', line.split(' '))
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { timeout: hangs })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? String(stderr)}`)
}
