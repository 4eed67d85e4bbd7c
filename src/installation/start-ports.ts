/** The ports that the clusters of an installation start at. */
import { portOf } from './seen-url.js'

export interface PortWish {
  /** Base URL in the database; undefined for a cluster that is new. */
  readonly baseUrl: string | undefined
  /** Clients see it at a URL that was given to it, which says nothing about a port of ours. */
  readonly hasUrl: boolean
}

export interface PortRange {
  /** Of the root; the others take the next ones, or any free one when it is 0. */
  readonly first: number
  /** Its host is that of all clusters, its port the root's alone. */
  readonly publicUrl: string | undefined
  /** Ports of other listeners of ours. */
  readonly reserved: ReadonlySet<number>
}

/**
 * What was published names the port of its cluster: one that the database knows stays where it was, whatever is asked for besides, as long as the
 * installation starts at the same first port. Otherwise the ports follow each other in the order of `clusters`.
 * @param clusters the root first
 * @returns a port for each; the root's is the first
 */
export function startPorts(clusters: readonly PortWish[], range: PortRange): readonly number[] {
  const { first, reserved } = range
  if (first === 0) return clusters.map(() => 0)
  const kept = new Map<PortWish, number>()
  const taken = new Set([first, ...reserved])
  for (const cluster of clusters.slice(1)) {
    const port = formerPort(cluster, clusters[0], range)
    if (port === undefined || taken.has(port)) continue
    kept.set(cluster, port)
    taken.add(port)
  }
  let next = first
  const following = (): number => {
    while (taken.has(next)) next++
    return next++
  }
  return clusters.map((cluster, index) => (index === 0 ? first : (kept.get(cluster) ?? following())))
}

/** Undefined for a new cluster, and for one whose URL does not tell. */
function formerPort(
  cluster: PortWish,
  root: PortWish | undefined,
  { first, publicUrl }: PortRange,
): number | undefined {
  if (cluster.baseUrl === undefined || cluster.hasUrl || root?.baseUrl === undefined || root.hasUrl) return undefined
  const [own, rootUrl] = [new URL(cluster.baseUrl), new URL(root.baseUrl)]
  if (own.hostname !== rootUrl.hostname) return undefined
  const isAtSameStart =
    publicUrl === undefined ? portOf(root.baseUrl) === first : new URL(publicUrl).hostname === rootUrl.hostname
  return isAtSameStart ? portOf(cluster.baseUrl) : undefined
}
