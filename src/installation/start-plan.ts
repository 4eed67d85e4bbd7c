/** What an installation starts with: the clusters that were asked for, and those that its database has besides, each with its ports. */
import type { ClusterKind, ClusterRow } from '../cluster/store/cluster-store.js'
import type { Store } from '../cluster/store/open.js'
import { problem } from '../administration/problem.js'
import { portOf } from './seen-url.js'
import { startPorts } from './start-ports.js'
import type { ExtranetPlan } from './changes.js'

export interface Plan {
  readonly name: string
  readonly kind: ClusterKind
  readonly nodes: number
  readonly enrollment: 'self' | 'root'
  readonly port: number
}

/** A cluster that is there from the start; it may have had its extranet listener before. */
export interface StartPlan extends Plan {
  readonly extranet: (ExtranetPlan & { readonly formerPort: number | undefined }) | undefined
}

interface Wanted {
  readonly store: Store
  readonly root: number
  readonly licensing: readonly { readonly name: string; readonly nodes: number }[]
  readonly extranet: readonly { readonly name: string; readonly port?: number | undefined }[]
  readonly clusterUrls: readonly { readonly name: string }[]
  /** Of the root cluster; the others take the next ones, or any free one when it is 0. */
  readonly port: number
  readonly publicUrl: string | undefined
}

/**
 * Clusters that the database has besides come back with one node each, and each at its port; extranet listeners come back, at their ports where they
 * are free.
 * @returns the root first
 * @throws Problem 400
 */
export async function planOf({
  store,
  root,
  licensing,
  extranet,
  clusterUrls,
  port,
  publicUrl,
}: Wanted): Promise<readonly StartPlan[]> {
  const byName = await store.clusters.list()
  const stored = port === 0 ? byName : byName.toSorted((one, other) => portIn(one) - portIn(other))
  const rootName = stored.find(({ kind }) => kind === 'root')?.name ?? 'root'
  const asked = [{ name: rootName, nodes: root }, ...licensing.map(({ name, nodes }) => ({ name, nodes }))]
  requireNames(licensing, rootName)
  const all = [...asked, ...namesBesides(stored, asked).map((name) => ({ name, nodes: 1 }))]
  requireKnown(extranet, all, 'an extranet listener')
  requireKnown(clusterUrls, all, 'the URL of a cluster')
  const formerPorts = new Map(
    stored.flatMap(({ name, configuration: { extranetListener } }) =>
      extranetListener === null ? [] : [[name, portOf(extranetListener)] as const],
    ),
  )
  const ports = startPorts(
    all.map(({ name }) => ({
      baseUrl: stored.find((cluster) => cluster.name === name)?.configuration.baseUrl,
      hasUrl: clusterUrls.some((cluster) => cluster.name === name),
    })),
    {
      first: port,
      publicUrl,
      reserved: new Set([...formerPorts.values(), ...extranet.flatMap((listener) => listener.port ?? [])]),
    },
  )
  return all.map(({ name, nodes }, index): StartPlan => {
    const wanted = extranet.find((one) => one.name === name)
    const formerPort = formerPorts.get(name)
    return {
      name,
      kind: index === 0 ? 'root' : 'licensing',
      nodes,
      enrollment: 'self',
      port: ports[index] as number,
      extranet: wanted === undefined && formerPort === undefined ? undefined : { port: wanted?.port, formerPort },
    }
  })
}

function portIn({ configuration: { baseUrl } }: ClusterRow): number {
  return portOf(baseUrl)
}

function namesBesides(stored: readonly ClusterRow[], asked: readonly { readonly name: string }[]): readonly string[] {
  return stored
    .filter(({ name, kind }) => kind === 'licensing' && !asked.some((cluster) => cluster.name === name))
    .map(({ name }) => name)
}

function requireNames(licensing: Wanted['licensing'], rootName: string): void {
  const wrong = licensing.find(({ name }) => name === rootName || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name))
  if (wrong !== undefined)
    problem(
      400,
      `A licensing-only cluster cannot be called "${wrong.name}": letters, digits, dots and dashes, and not the root's name ${rootName}`,
    )
}

function requireKnown(
  named: readonly { readonly name: string }[],
  clusters: readonly { readonly name: string }[],
  what: string,
): void {
  const stranger = named.find(({ name }) => !clusters.some((cluster) => cluster.name === name))
  if (stranger !== undefined)
    problem(
      400,
      `There is no cluster "${stranger.name}" for ${what}; there are ${clusters.map(({ name }) => name).join(', ')}`,
    )
}
