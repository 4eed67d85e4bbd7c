/** The balancer of one cluster, as a process of its own: started, told its nodes, started again at the same port when it dies. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Clock, Random } from '../effects.js'
import { ChildFailed, startChild, type Child } from './child.js'
import { supervise } from './supervised.js'

export interface BalancerProcessOptions {
  readonly cluster: string
  /** Where its node list is written. */
  readonly folder: string
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
  /** Further flags of the command. */
  readonly flags: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly restart: boolean
  readonly log: Logger
  readonly onLine: (line: string) => void
  readonly clock: Clock
  readonly random: Random
}

export interface BalancerProcess {
  /** Where clients come in, without a path. */
  readonly url: string
  pid(): number
  setNodes(nodes: readonly NodeEntry[]): Promise<void>
  /** Returns when the node has finished its requests. */
  drain(node: string): Promise<void>
  /** Resolves when these nodes take requests. @throws Error when they do not within the time */
  waitUntilReady(ids: readonly string[]): Promise<void>
  /** State of each node, by id. */
  states(): Promise<ReadonlyMap<string, string>>
  stop(): Promise<void>
}

interface NodeEntry {
  readonly id: string
  readonly url: string
}

interface StatusBody {
  readonly clusters: readonly { readonly nodes: readonly { readonly id: string; readonly state: string; readonly leaving: boolean }[] }[]
}

/** Milliseconds. A call for draining takes as long as the requests that run. */
const longestCall = 40_000
const readyWithin = 10_000
const stopWithin = 40_000

/** The system does not let the balancer listen; as its own error would say it. */
export class PortRefused extends Error {
  override readonly name = 'PortRefused'
  readonly syscall = 'listen'
  readonly code: string
  readonly port: number
  readonly address: string
  constructor(code: string, { host, port }: { readonly host: string; readonly port: number }) {
    super(`listen ${code}: ${host}:${port}`)
    this.code = code
    this.port = port
    this.address = host
  }
}

function refusedPort(error: unknown, options: BalancerProcessOptions): PortRefused | undefined {
  const code = error instanceof ChildFailed ? /\b(?:EADDRINUSE|EADDRNOTAVAIL|EACCES|ENOTFOUND|EAI_AGAIN)\b/.exec(error.message)?.[0] : undefined
  return code === undefined ? undefined : new PortRefused(code, options)
}

/** @throws ChildFailed, PortRefused */
export async function startBalancerProcess(options: BalancerProcessOptions): Promise<BalancerProcess> {
  const { cluster, folder, log, clock, random } = options
  const token = random.bytes(24).toString('base64url')
  const file = join(folder, `${encodeURIComponent(cluster)}.json`)
  let nodes: readonly NodeEntry[] = []
  let { port } = options
  let status = ''

  const writeNodes = async (): Promise<void> => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const listeners = [{ name: 'intranet', host: options.host, port }]
    await writeFile(file, JSON.stringify({ clusters: [{ name: cluster, listeners, nodes }] }), { mode: 0o600 })
  }
  const start = async (): Promise<Child> => {
    await writeNodes()
    const args = ['balancer', '--json', '--nodes', file, ...options.flags]
    const child = await startChild({ args, secrets: { ...options.environment, RMS_BALANCER_TOKEN: token }, onLine: options.onLine })
    const ready = child.ready as unknown as { readonly status: string; readonly clusters: readonly { readonly listeners: readonly { readonly url: string }[] }[] }
    status = ready.status
    url = ready.clusters[0]?.listeners[0]?.url ?? ''
    port = Number(new URL(url).port)
    return child
  }
  const call = async (path: string, body: object): Promise<void> => {
    const response = await fetch(new URL(path, status), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(longestCall),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`The balancer of ${cluster} refused ${path}: ${text}`)
  }
  const states = async (): Promise<ReadonlyMap<string, string>> => {
    const response = await fetch(new URL('/status', status), { signal: AbortSignal.timeout(longestCall) })
    const body = (await response.json()) as StatusBody
    return new Map(body.clusters.flatMap((one) => one.nodes.filter(({ leaving }) => !leaving).map(({ id, state }) => [id, state] as const)))
  }

  let url = ''
  const supervised = await supervise({ name: `balancer of ${cluster}`, start, restart: options.restart, log, clock }).catch((error: unknown) => {
    throw refusedPort(error, options) ?? error
  })
  return {
    url,
    pid: () => supervised.child()?.pid ?? 0,
    setNodes: async (wanted) => {
      nodes = wanted
      await writeNodes()
      // One that is being started again reads the file.
      if (supervised.child() === undefined) return
      await call('/nodes', { cluster, nodes }).catch((error: unknown) => {
        if (!(error instanceof TypeError)) throw error
        log.warn({ cluster, why: error.cause instanceof Error ? error.cause.message : error.message }, 'the balancer was not told its nodes: it does not answer')
      })
    },
    drain: (node) => call('/drain', { cluster, node }),
    waitUntilReady: async (ids) => {
      const deadline = clock.monotonic() + readyWithin
      for (;;) {
        const found = await states()
        if (ids.every((id) => found.get(id) === 'ready')) return
        if (clock.monotonic() > deadline) throw new Error(`The balancer of ${cluster} does not find ${ids.join(', ')} ready`)
        await pause(20)
      }
    },
    states,
    stop: () => supervised.stop(stopWithin),
  }
}
