/** The balancer's own port: status as JSON and as a page, metrics, and the changes of the node list that management asks for. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Registry } from 'prom-client'
import { isSameSecret } from '../same-secret.js'
import { UnknownNode, type BalancedCluster } from './cluster.js'
import { browserPaths } from '../http/browser-paths.js'
import { answerHalfClosed } from '../http/half-open.js'
import { start, urlOf, type Listener } from './listener.js'
import { NodeListError, parseListenerCall, parseListenerNameCall, parseNodeCall, parseNodesCall } from './node-list.js'
import type { BalancedNode, NodeCounters, NodeState } from './node.js'
import type { ListenerOptions, NodeEntry, StatusOptions } from './options.js'

const largestBody = 1024 * 1024

export interface NodeStatus {
  readonly id: string
  readonly url: string
  readonly state: NodeState
  readonly reason: string
  readonly since: string
  /** No longer in the list; finishes its requests. */
  readonly leaving: boolean
  readonly running: number
  readonly pinned: number
  readonly counters: NodeCounters
}

export interface ClusterStatus {
  readonly name: string
  readonly listeners: readonly { readonly name: string; readonly url: string; readonly connections: number }[]
  readonly nodes: readonly NodeStatus[]
}

export interface BalancerStatus {
  readonly clusters: readonly ClusterStatus[]
}

export function clusterStatus(cluster: BalancedCluster, listeners: readonly Listener[]): ClusterStatus {
  const show =
    (leaving: boolean) =>
    (node: BalancedNode): NodeStatus => ({
      id: node.id,
      url: node.url,
      state: node.state,
      reason: node.reason,
      since: node.since.toISOString(),
      leaving,
      running: node.running,
      pinned: node.pins.size,
      counters: { ...node.counters, answers: [...node.counters.answers] },
    })
  return {
    name: cluster.name,
    listeners: listeners.map((listener) => ({
      name: listener.name,
      url: listener.url,
      connections: listener.connections(),
    })),
    nodes: [...cluster.nodes().map(show(false)), ...cluster.leaving().map(show(true))],
  }
}

/** What the port lets others do. */
export interface StatusActions {
  readonly status: () => BalancerStatus
  readonly setNodes: (cluster: string, nodes: readonly NodeEntry[]) => Promise<void>
  readonly drain: (cluster: string, node: string) => Promise<void>
  readonly resume: (cluster: string, node: string) => void
  /** Resolves when the node has been checked, or is gone. */
  readonly untilChecked: (cluster: string, node: string) => Promise<void>
  readonly openListener: (cluster: string, listener: ListenerOptions) => Promise<void>
  readonly closeListener: (cluster: string, listener: string) => Promise<void>
}

export interface StatusServer {
  readonly url: string
  close(): Promise<void>
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** @throws when the port is taken */
export async function serveStatus(
  options: StatusOptions & { readonly token: string; readonly nextId: () => string },
  registry: () => Registry,
  actions: StatusActions,
): Promise<StatusServer> {
  const server = answerHalfClosed(
    createServer(
      { headersTimeout: 5000, requestTimeout: 10_000, keepAliveTimeout: 5000, connectionsCheckingInterval: 1000 },
      (request, response) => {
        void answer(request, options.token, registry, actions).then(({ status, type, body }) =>
          send(response, options.nextId(), { status, type, body }),
        )
      },
    ),
  )
  server.maxConnections = 64
  await start(server, options.host, options.port)
  return {
    url: urlOf(server, options.host),
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}

function send(response: ServerResponse, id: string, { status, type, body }: Answer): void {
  response.writeHead(status, {
    ...(status === 204 ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
    'x-request-id': id,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    // What is left of a body that was not read ends with the connection.
    ...(status >= 400 ? { connection: 'close' } : {}),
  })
  response.end(body)
}

const sayJson = (status: number, value: object): Answer => ({
  status,
  type: 'application/json; charset=utf-8',
  body: `${JSON.stringify(value)}\n`,
})

async function answer(
  request: IncomingMessage,
  token: string,
  registry: () => Registry,
  actions: StatusActions,
): Promise<Answer> {
  const path = (request.url ?? '').split('?')[0] ?? ''
  try {
    if (request.method === 'GET' || request.method === 'HEAD') return await answerPage(path, registry, actions)
    if (request.method === 'POST') return await answerChange(path, request, token, actions)
    return sayJson(405, { error: `${request.method} is not supported: GET or POST` })
  } catch (error) {
    if (error instanceof NodeListError || error instanceof UnknownNode)
      return sayJson(error instanceof UnknownNode ? 404 : 400, { error: error.message })
    const code =
      (error as NodeJS.ErrnoException).syscall === 'listen' ? (error as NodeJS.ErrnoException).code : undefined
    if (code !== undefined) return sayJson(409, { error: `The system does not let it listen there: ${code}`, code })
    return sayJson(500, { error: 'The balancer could not do it' })
  }
}

async function answerPage(path: string, registry: () => Registry, { status }: StatusActions): Promise<Answer> {
  if (path === '/') return { status: 200, type: 'text/html; charset=utf-8', body: writePage(status()) }
  if (path === '/status') return sayJson(200, status())
  if (path === '/healthz') return sayJson(200, { status: 'ok' })
  if (path === '/metrics') {
    const all = registry()
    return { status: 200, type: all.contentType, body: await all.metrics() }
  }
  if (browserPaths.includes(path)) return { status: 204, type: 'text/plain; charset=utf-8', body: '' }
  return sayJson(404, {
    error: `There is nothing at ${path.slice(0, 100)}: /, /status, /metrics, /healthz; POST /nodes, /drain, /resume, /open, /close`,
  })
}

async function answerChange(
  path: string,
  request: IncomingMessage,
  token: string,
  actions: StatusActions,
): Promise<Answer> {
  if (!isAuthorized(request.headers.authorization, token))
    return sayJson(401, { error: 'Authorization: Bearer with the balancer token is needed' })
  const body = await readText(request)
  if (path === '/nodes') {
    const { cluster, nodes } = parseNodesCall(body)
    // The answer does not wait for nodes that leave: status shows them until they have.
    await Promise.race([actions.setNodes(cluster, nodes), nextTurn()])
    return sayJson(200, actions.status())
  }
  if (path === '/drain') {
    const { cluster, node } = parseNodeCall(body)
    await actions.drain(cluster, node)
    return sayJson(200, actions.status())
  }
  if (path === '/resume') {
    const { cluster, node } = parseNodeCall(body)
    actions.resume(cluster, node)
    // The answer says whether it serves.
    await actions.untilChecked(cluster, node)
    return sayJson(200, actions.status())
  }
  if (path === '/open') {
    const { cluster, listener } = parseListenerCall(body)
    await actions.openListener(cluster, listener)
    return sayJson(200, actions.status())
  }
  if (path === '/close') {
    const { cluster, listener } = parseListenerNameCall(body)
    await actions.closeListener(cluster, listener)
    return sayJson(200, actions.status())
  }
  return sayJson(404, { error: 'There is nothing to change at this path: POST /nodes, /drain, /resume, /open, /close' })
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

function isAuthorized(authorization: string | undefined, token: string): boolean {
  return isSameSecret(/^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1] ?? '', token)
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > largestBody) throw new NodeListError(`The body has more than ${largestBody} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function writePage({ clusters }: BalancerStatus): string {
  const rows = clusters.flatMap((cluster) =>
    cluster.nodes.map((node) => {
      const { requests, failures, movedAway } = node.counters
      const cells = [
        cluster.name,
        node.id,
        node.url,
        node.leaving ? 'leaving' : node.state,
        node.reason,
        node.running,
        node.pinned,
        requests,
        failures,
        movedAway,
      ]
      return `<tr>${cells.map((cell) => `<td>${escape(String(cell))}</td>`).join('')}</tr>`
    }),
  )
  const heads = ['cluster', 'node', 'URL', 'state', 'why', 'running', 'pinned', 'requests', 'failures', 'moved']
  const title = `Balancer of ${clusters.map(({ name }) => name).join(', ')}`
  const listeners = clusters.flatMap((cluster) =>
    cluster.listeners.map(
      ({ name, url, connections }) =>
        `<li>${escape(`${cluster.name}, ${name}: ${url}, ${connections} connections`)}</li>`,
    ),
  )
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="2"><title>${escape(title)}</title>
<style>body{font:15px sans-serif;margin:2em}div{overflow-x:auto}table{border-collapse:collapse}td:nth-child(-n+3){white-space:nowrap}td,th{border:1px solid #bbb;padding:.3em .6em;text-align:left}td:nth-child(n+6),th:nth-child(n+6){text-align:right}</style>
<h1>${escape(title)}</h1><ul>${listeners.join('')}</ul>
<div><table><tr>${heads.map((head) => `<th>${head}</th>`).join('')}</tr>
${rows.join('\n')}
</table></div><p><a href="/status">JSON</a>, <a href="/metrics">metrics</a></p></html>
`
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
