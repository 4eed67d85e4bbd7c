/** The node-list file of the process form and the bodies of the management calls: JSON to lists, with an error that says what is wrong. */
import type { ClusterOptions, ListenerOptions, NodeEntry } from './options.js'

const longestList = 1000
const longestName = 200
const reserved = 'direct'

/** What is wrong with a list, for people. */
export class NodeListError extends Error {
  override readonly name = 'NodeListError'
}

/**
 * `{ "clusters": [{ "name", "listeners": [{ "name", "host", "port" }], "nodes": [{ "id", "url" }], "scopes": url }] }`; `host` is 127.0.0.1 when left out, and `scopes` need not be there.
 * @throws NodeListError
 */
export function parseClusters(text: string): readonly ClusterOptions[] {
  const clusters = list(object(json(text), 'The file')['clusters'], 'clusters').map((item, index): ClusterOptions => {
    const where = `clusters[${index}]`
    const given = object(item, where)
    const listeners = list(given['listeners'], `${where}.listeners`).map((one, at) =>
      parseListener(one, `${where}.listeners[${at}]`),
    )
    if (listeners.length === 0) throw new NodeListError(`${where}.listeners must name one listener at least`)
    requireUnique(
      listeners.map((one) => one.name),
      `listener in ${where}`,
    )
    return {
      name: name(given['name'], `${where}.name`),
      listeners,
      nodes: parseNodes(given['nodes'], `${where}.nodes`),
      ...(given['scopes'] === undefined ? {} : { scopes: origin(given['scopes'], `${where}.scopes`) }),
    }
  })
  if (clusters.length === 0) throw new NodeListError('clusters must name one cluster at least')
  requireUnique(
    clusters.map((cluster) => cluster.name),
    'cluster',
  )
  return clusters
}

/** A list of `{ "id", "url" }`. @throws NodeListError */
export function parseNodes(value: unknown, where = 'nodes'): readonly NodeEntry[] {
  const nodes = list(value, where).map((item, index): NodeEntry => {
    const given = object(item, `${where}[${index}]`)
    return { id: name(given['id'], `${where}[${index}].id`), url: origin(given['url'], `${where}[${index}].url`) }
  })
  requireUnique(
    nodes.map(({ id }) => id),
    `node in ${where}`,
  )
  return nodes
}

/** `{ "cluster", "nodes" }`. @throws NodeListError */
export function parseNodesCall(text: string): { cluster: string; nodes: readonly NodeEntry[] } {
  const given = object(json(text), 'The body')
  return { cluster: name(given['cluster'], 'cluster'), nodes: parseNodes(given['nodes']) }
}

/** `{ "cluster", "listener": { "name", "host", "port" } }`. @throws NodeListError */
export function parseListenerCall(text: string): { cluster: string; listener: ListenerOptions } {
  const given = object(json(text), 'The body')
  return { cluster: name(given['cluster'], 'cluster'), listener: parseListener(given['listener'], 'listener') }
}

/** `{ "cluster", "listener": name }`. @throws NodeListError */
export function parseListenerNameCall(text: string): { cluster: string; listener: string } {
  const given = object(json(text), 'The body')
  return { cluster: name(given['cluster'], 'cluster'), listener: name(given['listener'], 'listener') }
}

/** `{ "nodes" }`, as a source of nodes answers. @throws NodeListError */
export function parseNodesAnswer(text: string): readonly NodeEntry[] {
  return parseNodes(object(json(text), 'The answer')['nodes'])
}

/** `{ "cluster", "node" }`. @throws NodeListError */
export function parseNodeCall(text: string): { cluster: string; node: string } {
  const given = object(json(text), 'The body')
  return { cluster: name(given['cluster'], 'cluster'), node: name(given['node'], 'node') }
}

function parseListener(value: unknown, where: string): ListenerOptions {
  const given = object(value, where)
  const { port } = given
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 0 || port > 65535) {
    throw new NodeListError(`${where}.port is ${show(port)}; it must be a whole number from 0 to 65535`)
  }
  if (given['name'] === reserved)
    throw new NodeListError(`${where}.name is "${reserved}": the request log calls so what came by no listener`)
  return {
    name: name(given['name'], `${where}.name`),
    host: given['host'] === undefined ? '127.0.0.1' : name(given['host'], `${where}.host`),
    port,
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new NodeListError(`It is not JSON: ${(error as Error).message}`)
  }
}

function object(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>
  throw new NodeListError(`${where} is ${show(value)}; it must be an object`)
}

function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new NodeListError(`${where} is ${show(value)}; it must be a list`)
  if (value.length > longestList)
    throw new NodeListError(`${where} has ${value.length} members; ${longestList} are the most`)
  return value
}

/** Names stand in headers and metrics: printable ASCII without spaces. */
function name(value: unknown, where: string): string {
  if (typeof value === 'string' && value.length <= longestName && /^[\x21-\x7e]+$/.test(value)) return value
  throw new NodeListError(`${where} is ${show(value)}; it must be a name of printable ASCII without spaces`)
}

function origin(value: unknown, where: string): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  const isOrigin =
    (url?.protocol === 'http:' || url?.protocol === 'https:') &&
    url.pathname === '/' &&
    url.search === '' &&
    url.username === ''
  if (url === undefined || !isOrigin)
    throw new NodeListError(
      `${where} is ${show(value)}; it must be http://host:port or https://host:port, without a path`,
    )
  return url.origin
}

function requireUnique(names: readonly string[], what: string): void {
  const twice = names.find((one, index) => names.indexOf(one) < index)
  if (twice !== undefined)
    throw new NodeListError(`There are two of the name ${twice}: each ${what} needs a name of its own`)
}

function show(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 100)
}
