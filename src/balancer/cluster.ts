/** The nodes of one cluster: whose turn it is, and nodes that come, drain and go while requests run. */
import { watchNode, type ClusterEffects, type Watch } from './health.js'
import { createNode, finishRunning, type BalancedNode } from './node.js'
import type { Limits, NodeEntry } from './options.js'
import { chooseNext } from './round-robin.js'

export class UnknownNode extends Error {
  override readonly name = 'UnknownNode'
}

export interface BalancedCluster {
  readonly name: string
  /** In the order of their turns; those that leave are no longer among them. */
  nodes(): readonly BalancedNode[]
  /** Left the list, and still have requests to finish. */
  leaving(): readonly BalancedNode[]
  /** The node whose turn it is, or undefined when none is ready. */
  next(tried: ReadonlySet<BalancedNode>): BalancedNode | undefined
  hasReady(): boolean
  /**
   * Takes this list from now on: new nodes are checked at once, those that are no longer named take no new requests.
   * @returns when the nodes that left have finished their requests
   */
  setNodes(entries: readonly NodeEntry[]): Promise<void>
  /**
   * Gives the node no new requests; it stays in the list until it is removed or resumed.
   * @returns when it has finished those it had
   * @throws UnknownNode
   */
  drain(id: string): Promise<void>
  /** Takes a draining node back. @throws UnknownNode */
  resume(id: string): void
  /** Stops the checks and closes the connections to the nodes. */
  close(): Promise<void>
}

interface Member {
  readonly node: BalancedNode
  readonly watch: Watch
}

export function createCluster(
  name: string,
  entries: readonly NodeEntry[],
  limits: Limits,
  effects: ClusterEffects,
): BalancedCluster {
  const log = effects.log.child({ cluster: name })
  let members: readonly Member[] = []
  let nodes: readonly BalancedNode[] = []
  const leaving = new Set<BalancedNode>()
  let cursor = 0

  function add(entry: NodeEntry): Member {
    const node = createNode(entry, limits, effects.clock.now())
    return { node, watch: watchNode(node, limits, { ...effects, log }) }
  }

  function beginDraining(node: BalancedNode, reason: string): void {
    if (node.state === 'draining') return
    log.info({ node: node.id, running: node.running, reason }, `node ${node.id} drains`)
    node.state = 'draining'
    node.reason = reason
    node.since = effects.clock.now()
    effects.changed()
  }

  async function remove({ node, watch }: Member): Promise<void> {
    watch.stop()
    beginDraining(node, 'removed from the list')
    leaving.add(node)
    await finishRunning(node, limits.drainTimeout, effects.timers)
    if (!node.pool.destroyed) await node.pool.close()
    leaving.delete(node)
    log.info({ node: node.id }, `node ${node.id} has left`)
    effects.changed()
  }

  function memberOf(id: string): Member {
    const member = members.find(({ node }) => node.id === id)
    if (member !== undefined) return member
    throw new UnknownNode(
      `Cluster ${name} has no node ${JSON.stringify(id)}; it has ${nodes.map((node) => node.id).join(', ') || 'none'}`,
    )
  }

  async function setNodes(wanted: readonly NodeEntry[]): Promise<void> {
    const isWanted = ({ node }: Member): boolean => wanted.some(({ id, url }) => id === node.id && url === node.url)
    const gone = members.filter((member) => !isWanted(member))
    members = wanted.map(
      (entry) => members.find(({ node }) => node.id === entry.id && node.url === entry.url) ?? add(entry),
    )
    nodes = members.map(({ node }) => node)
    await Promise.all(gone.map(remove))
  }

  void setNodes(entries)
  return {
    name,
    nodes: () => nodes,
    leaving: () => [...leaving],
    next: (tried) => {
      const choice = chooseNext(nodes, (node) => node.state === 'ready' && !tried.has(node), cursor)
      if (choice !== undefined) cursor = choice.cursor
      return choice?.member
    },
    hasReady: () => nodes.some(({ state }) => state === 'ready'),
    setNodes,
    drain: async (id) => {
      const { node } = memberOf(id)
      beginDraining(node, 'asked to drain')
      await finishRunning(node, limits.drainTimeout, effects.timers)
    },
    resume: (id) => {
      const { node, watch } = memberOf(id)
      if (node.state !== 'draining') return
      node.state = 'unknown'
      node.reason = 'resumed, not checked yet'
      watch.check()
    },
    close: async () => {
      for (const { watch } of members) watch.stop()
      await Promise.all([...nodes, ...leaving].map((node) => node.pool.destroy()))
    },
  }
}
