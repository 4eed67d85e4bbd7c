/** The balancer of one cluster, as a process of its own: started, told its nodes, started again at the same port when it dies. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { NodeStatus as SeenByBalancer } from '../balancer/status.js'
import { answerWithin, pause, type Clock, type Random, type Timers } from '../effects.js'
import { extranet, intranet } from './extranet.js'
import { portOf, seenUrl } from './seen-url.js'
import { ChildFailed, startChild, type Child } from './child.js'
import { supervise } from './supervised.js'

export interface BalancerProcessOptions {
  readonly cluster: string
  /** Where its node list is written. */
  readonly folder: string
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
  /** Of the root cluster: its host stands in the URLs of the extranet. */
  readonly publicUrl: string | undefined
  /** Further flags of the command. */
  readonly flags: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly restart: boolean
  readonly log: Logger
  readonly onLine: (line: string) => void
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  /** What it shows its nodes, to be believed by which listener a request came. */
  readonly listenerKey: string
  /** What answers the requests of scopes, without a path; they go to its nodes when left out. */
  readonly scopesUrl?: string | undefined
  /** Ends what is being started. */
  readonly signal?: AbortSignal | undefined
}

export interface BalancerProcess {
  /** Where clients come in, without a path. */
  readonly url: string
  /** Where those outside come in, likewise; undefined without an extranet listener. */
  extranetUrl(): string | undefined
  /** @param port 0 takes any free one @throws PortRefused */
  openExtranet(port: number): Promise<void>
  /** Returns when it has finished its requests. */
  closeExtranet(): Promise<void>
  pid(): number
  setNodes(nodes: readonly NodeEntry[]): Promise<void>
  /** Returns when the node has finished its requests. */
  drain(node: string): Promise<void>
  /** Gives a drained node requests again. */
  resume(node: string): Promise<void>
  /** Resolves when these nodes take requests. @throws ChildFailed when they do not within the time */
  waitUntilReady(ids: readonly string[]): Promise<void>
  /** Its status page; the address is another one after each start. */
  statusUrl(): string
  /** What it says of the nodes in its list. @throws NoAnswer */
  nodes(): Promise<readonly SeenNode[]>
  stop(): Promise<void>
}

interface NodeEntry {
  readonly id: string
  readonly url: string
}

interface StatusBody {
  readonly clusters: readonly {
    readonly listeners: readonly ListenerStatus[]
    readonly nodes: readonly (SeenNode & { readonly leaving: boolean })[]
  }[]
}

/** A node as its balancer sees it. */
export type SeenNode = Pick<SeenByBalancer, 'id' | 'url' | 'state' | 'reason' | 'since' | 'running' | 'counters'>

interface ListenerStatus {
  readonly name: string
  readonly url: string
}

/** As the node list has it, with its URL. */
interface BalancerListener extends ListenerStatus {
  readonly host: string
  readonly port: number
}

/** Milliseconds. A call for draining takes as long as the requests that run. */
const longestCall = 40_000
/** A balancer that hangs is not waited for by those who want to see what runs. */
const longestLook = 3000
const readyWithin = 30_000
/** Until the process itself is ready, as for a node: on a machine that may be busy. */
const startWithin = 60_000
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

/** The balancer does not say what it sees; the message completes "the balancer …". */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}

/** Told by a balancer that runs. */
class ListenRefused extends Error {
  readonly code: string
  constructor(code: string) {
    super(code)
    this.code = code
  }
}

function refusedPort(error: unknown, options: BalancerProcessOptions): PortRefused | undefined {
  const code =
    error instanceof ChildFailed
      ? /\b(?:EADDRINUSE|EADDRNOTAVAIL|EACCES|ENOTFOUND|EAI_AGAIN)\b/.exec(error.message)?.[0]
      : undefined
  return code === undefined ? undefined : new PortRefused(code, options)
}

/** @throws ChildFailed, PortRefused */
export async function startBalancerProcess(options: BalancerProcessOptions): Promise<BalancerProcess> {
  const { cluster, folder, log, clock, timers, random } = options
  const token = random.bytes(24).toString('base64url')
  const file = join(folder, `${encodeURIComponent(cluster)}.json`)
  let nodes: readonly NodeEntry[] = []
  let listeners: readonly BalancerListener[] = [{ name: intranet, host: options.host, port: options.port, url: '' }]
  let status = ''
  let isStopping = false
  /** A balancer that was started again does not know that they drain. */
  let drained: readonly NodeEntry[] = []

  const writeNodes = async (): Promise<void> => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(
      file,
      JSON.stringify({ clusters: [{ name: cluster, listeners, nodes, scopes: options.scopesUrl }] }),
      {
        mode: 0o600,
      },
    )
  }
  const noteListeners = ({ clusters }: StatusBody): void => {
    listeners = (clusters[0]?.listeners ?? []).map(({ name, url }) => ({
      name,
      host: options.host,
      port: portOf(url),
      url,
    }))
  }
  const urlOf = (name: string): string | undefined => listeners.find((listener) => listener.name === name)?.url
  const start = async (): Promise<Child> => {
    await writeNodes()
    const args = ['balancer', '--json', '--nodes', file, ...options.flags]
    const secrets = {
      ...options.environment,
      RMS_BALANCER_TOKEN: token,
      RMS_LISTENER_KEY: options.listenerKey,
    }
    const child = await startChild({
      args,
      secrets,
      onLine: options.onLine,
      readyWithin: startWithin,
      signal: options.signal,
      timers,
    })
    const ready = child.ready as unknown as StatusBody & { readonly status: string }
    status = ready.status
    noteListeners(ready)
    return child
  }
  const call = async (path: string, body: object): Promise<StatusBody> => {
    const response = await fetch(new URL(path, status), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
      signal: answerWithin(longestCall),
    })
    const text = await response.text()
    if (response.ok) return JSON.parse(text) as StatusBody
    if (response.status === 409) throw new ListenRefused(String((JSON.parse(text) as { readonly code?: string }).code))
    throw new Error(`The balancer of ${cluster} refused ${path}: ${text}`)
  }
  /** A balancer that died is being started again, and reads the file then. */
  const unlessAway = async (work: Promise<unknown>, consequence: string): Promise<void> => {
    await work.catch((error: unknown) => {
      if (!(error instanceof TypeError)) throw error
      log.warn(
        { cluster, why: error.cause instanceof Error ? error.cause.message : error.message },
        `the balancer does not answer: ${consequence}`,
      )
    })
  }
  const nodesWithin = async (milliseconds: number): Promise<readonly SeenNode[]> => {
    const signal = answerWithin(milliseconds)
    try {
      const response = await fetch(new URL('/status', status), { signal })
      const { clusters } = (await response.json()) as StatusBody
      return clusters.flatMap((one) => one.nodes.filter(({ leaving }) => !leaving))
    } catch (error) {
      const cause = (error as Error).cause
      if (signal.aborted) throw new NoAnswer(`did not answer within ${milliseconds} ms`)
      throw new NoAnswer(`does not answer: ${cause instanceof Error ? cause.message : (error as Error).message}`)
    }
  }

  const supervised = await supervise({
    name: `balancer of ${cluster}`,
    start,
    restart: options.restart,
    log,
    clock,
    timers,
    onRestart: async () => {
      await Promise.all(drained.map(({ id }) => call('/drain', { cluster, node: id })))
    },
  }).catch((error: unknown) => {
    throw refusedPort(error, options) ?? error
  })
  return {
    url: urlOf(intranet) ?? '',
    extranetUrl: () => {
      const url = urlOf(extranet)
      return url && seenUrl(url, options.publicUrl)
    },
    openExtranet: async (port) => {
      const listener = { name: extranet, host: options.host, port }
      noteListeners(
        await call('/open', { cluster, listener }).catch((error: unknown) => {
          throw error instanceof ListenRefused ? new PortRefused(error.code, { host: options.host, port }) : error
        }),
      )
      await writeNodes()
    },
    closeExtranet: async () => {
      listeners = listeners.filter(({ name }) => name !== extranet)
      await writeNodes()
      // One that is being started again reads the file.
      if (supervised.child() !== undefined) await call('/close', { cluster, listener: extranet })
    },
    pid: () => supervised.child()?.pid ?? 0,
    setNodes: async (wanted) => {
      nodes = wanted
      drained = drained.filter((one) => nodes.some(({ id, url }) => id === one.id && url === one.url))
      await writeNodes()
      if (supervised.child() !== undefined)
        await unlessAway(call('/nodes', { cluster, nodes }), 'it was not told its nodes')
    },
    drain: async (node) => {
      drained = [...drained.filter(({ id }) => id !== node), ...nodes.filter(({ id }) => id === node)]
      await unlessAway(call('/drain', { cluster, node }), `${node} drains when it is there again`)
    },
    resume: async (node) => {
      drained = drained.filter(({ id }) => id !== node)
      await unlessAway(call('/resume', { cluster, node }), `${node} has requests when it is there again`)
    },
    waitUntilReady: async (ids) => {
      const deadline = clock.monotonic() + readyWithin
      for (;;) {
        const found = await nodesWithin(longestCall).catch(() => [])
        const missing = ids.filter((id) => !found.some((node) => node.id === id && node.state === 'ready'))
        if (missing.length === 0) return
        options.signal?.throwIfAborted()
        if (isStopping) throw new ChildFailed(`The balancer of ${cluster} is being stopped`)
        if (clock.monotonic() > deadline)
          throw new ChildFailed(
            `The balancer of ${cluster} did not find ${missing.join(', ')} ready within ${readyWithin / 1000} s`,
          )
        await pause(timers, 20)
      }
    },
    statusUrl: () => status,
    nodes: () => nodesWithin(longestLook),
    stop: () => {
      isStopping = true
      return supervised.stop(stopWithin)
    },
  }
}
