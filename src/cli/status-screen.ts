/** What `status` shows: each cluster with its addresses and its servers, and what is wrong where something is. */
import type { Paint } from '../explain/paint.js'
import type {
  BalancerStatus,
  ClusterStatus,
  InstallationStatus,
  NodeStatus,
  ScopesStatus,
} from '../installation/status.js'
import { seedInWords } from './seed-words.js'
import { tableText } from './table.js'
import { wrapped } from './text-width.js'
import { nextCommand } from './next-command.js'
import { shellWord } from '../command-line.js'

interface Column {
  readonly title: string
  readonly cell: (node: NodeStatus) => string
  readonly isNumber?: true
}

type State = NodeStatus['state']

const count = (read: (requests: NonNullable<NodeStatus['requests']>) => number) => (node: NodeStatus) =>
  node.requests === undefined ? '' : String(read(node.requests))

const server: Column = { title: 'server', cell: ({ id }) => id }
const address: Column = { title: 'node URL', cell: ({ url }) => url }
const processId: Column = { title: 'process', cell: ({ pid }) => (pid === 0 ? '' : `pid ${pid}`) }
const requests: readonly Column[] = [
  { title: 'answered', cell: count(({ answered }) => answered), isNumber: true },
  { title: 'failed', cell: count(({ failed }) => failed), isNumber: true },
  { title: 'running', cell: count(({ running }) => running), isNumber: true },
]
const state: Column = { title: 'state', cell: stateText }

/** The first one that fits is taken. */
const choices: readonly (readonly Column[])[] = [
  [server, address, processId, ...requests, state],
  [server, address, ...requests, state],
  [server, ...requests, state],
]
const indent = '  '
const gap = 2
/** A reason that has less room is not read. */
const roomOfState = 20

const colors: Readonly<Record<State, 'good' | 'note' | 'bad'>> = {
  serving: 'good',
  starting: 'note',
  draining: 'note',
  down: 'bad',
  away: 'bad',
}

interface Place {
  /** Of what stands under the name of a cluster. */
  readonly width: number
  readonly columns: readonly Column[]
  /** Of each column, so that the servers of all clusters line up. */
  readonly widths: readonly number[]
  readonly paint: Paint
}

/** @param width characters of a line; Infinity where there is no terminal */
export function statusScreen(
  { forest, partners = [], version, clusters, lab, seed, scopes }: InstallationStatus,
  width: number,
  paint: Paint,
): string {
  const room = width - indent.length
  const nodes = clusters.flatMap((cluster) => cluster.nodes)
  const columns = choices.find((choice) => neededBy(choice, nodes) <= room) ?? [server, ...requests, state]
  const place = { width: room, columns, widths: columns.map((column) => widthOf(column, nodes)), paint }
  const missing = [address, processId].filter((column) => !columns.includes(column)).map(({ title }) => title)
  return [
    `${paint.strong(forest)}  ${paint.dim(`rms-emulator ${version}`)}`,
    ...(partners.length === 0 ? [] : [wrapped(`partners: ${partners.join(', ')}`, width).join('\n')]),
    ...(lab === undefined ? [] : [labText(lab, width, paint)]),
    ...(seed?.of === 'everything' ? [wrapped(`seed: ${seedInWords(seed)}`, width).join('\n')] : []),
    ...clusters.map((cluster) => clusterText(cluster, place)),
    ...(scopes === undefined ? [] : [wrapped(scopesText(scopes), width).join('\n')]),
    ...(missing.length === 0 ? [] : [paint.dim(`${missing.join(' and ')}: in a wider window, or with --json`)]),
  ].join('\n\n')
}

/** In sight, so that nobody hunts what they have set themselves. */
function labText(active: readonly string[], width: number, paint: Paint): string {
  return wrapped(`lab: ${active.join('; ')}`, width)
    .map(paint.note)
    .join('\n')
}

function scopesText({ most, url, names }: ScopesStatus): string {
  return `scopes: ${names.length === 0 ? `none yet; up to ${most}, at ${url}NAME` : `${names.join(', ')}; up to ${most}, at ${url}`}`
}

function widthOf({ title, cell }: Column, nodes: readonly NodeStatus[]): number {
  return Math.max(title.length, ...nodes.map((node) => cell(node).length))
}

function neededBy(columns: readonly Column[], nodes: readonly NodeStatus[]): number {
  const others = columns.slice(0, -1).reduce((sum, column) => sum + widthOf(column, nodes) + gap, 0)
  return others + Math.min(roomOfState, widthOf(state, nodes))
}

function clusterText(cluster: ClusterStatus, place: Place): string {
  const { name, kind, nodes } = cluster
  const { paint } = place
  const parts = [
    factTable(cluster, place),
    nodes.length === 0
      ? ['no server; one is started by', nextCommand(`add-server ${shellWord(name)}`)].map(paint.note).join('\n')
      : serverTable(nodes, place),
  ]
  const lines = parts.flatMap((part) => part.split('\n')).map((line) => indent + line)
  return [`${paint.strong(name)}, ${kind === 'root' ? 'root cluster' : 'licensing-only cluster'}`, ...lines].join('\n')
}

function factTable(cluster: ClusterStatus, { width, paint }: Place): string {
  const { url, extranetUrl, balancer, configurationVersion, decommissioned } = cluster
  const facts: readonly (readonly [string, string, State?])[] = [
    ['clients', url],
    ...(extranetUrl === undefined ? [] : [['extranet', extranetUrl] as const]),
    ...(balancer === undefined ? [] : [['balancer', balancerText(balancer), balancer.state] as const]),
    ['configuration', configurationVersion === undefined ? 'the database is away' : `version ${configurationVersion}`],
    ...(decommissioned === true
      ? [['decommissioned', 'it hands out content keys and does nothing else', 'down'] as const]
      : []),
  ]
  return tableText(
    facts.map(([title, text]) => [title, text]),
    { width, paintLast: (text, row) => painted(text, facts[row]?.[2] ?? 'serving', paint, true) },
  )
}

function balancerText({ url, state: is, reason }: BalancerStatus): string {
  return is === 'serving' ? `${url} (its page)` : `${is}: ${reason}`
}

function serverTable(nodes: readonly NodeStatus[], { width, columns, widths, paint }: Place): string {
  const line = (cells: readonly string[]): readonly string[] =>
    cells.map((cell, at) => {
      if (at === cells.length - 1) return cell
      return columns[at]?.isNumber === true ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)
    })
  const rows = [columns.map(({ title }) => title), ...nodes.map((node) => columns.map(({ cell }) => cell(node)))]
  return tableText(rows.map(line), {
    hasHeader: true,
    width,
    paintLast: (text, row) => {
      const node = nodes[row - 1]
      return node === undefined ? text : painted(text, node.state, paint)
    },
  })
}

function stateText({ state: is, reason }: NodeStatus): string {
  return is === 'serving' ? is : `${is}: ${reason}`
}

/** @param onlyBad what is as it should be has no color */
function painted(text: string, is: State, paint: Paint, onlyBad = false): string {
  return onlyBad && colors[is] !== 'bad' ? text : paint[colors[is]](text)
}
