/** The service connection point (SCP) of the forest: shown, moved, removed (adrms-deployment 1.6). A stale one keeps a new root from being made. */
import { sameServiceUrl } from '../client/service-url.js'
import { certificationUrlOf } from '../cluster/configuration.js'
import type { Store } from '../cluster/store/open.js'
import { problem } from './problem.js'

export interface ServiceConnectionPoint {
  readonly url: string | null
  /** `stale`: it names a URL that is no root cluster of this database. */
  readonly state: 'current' | 'stale' | 'absent'
  /** The root cluster of this database, which it names, or should name. */
  readonly cluster: string | null
}

export async function readServiceConnectionPoint(store: Store): Promise<ServiceConnectionPoint> {
  const forest = await store.forest.find()
  const root = await rootUrl(store)
  const cluster = root?.cluster ?? null
  const url = forest?.serviceConnectionPoint
  if (url === undefined) return { url: null, state: 'absent', cluster }
  return { url, state: sameServiceUrl(url, root?.url) ? 'current' : 'stale', cluster }
}

/**
 * @param url certification URL of a root
 * @param force also where it is no root cluster of this database
 * @throws Problem 409
 */
export async function moveServiceConnectionPoint(
  store: Store,
  url: string,
  force: boolean,
): Promise<ServiceConnectionPoint> {
  const wanted = url.replace(/\/$/, '')
  const root = await rootUrl(store)
  if (!force && !sameServiceUrl(wanted, root?.url)) {
    problem(
      409,
      `${wanted} is no root cluster of this database${root === undefined ? '' : `, that is ${root.url}`}: give its certification URL, or force`,
    )
  }
  await store.forest.moveServiceConnectionPoint(wanted)
  return readServiceConnectionPoint(store)
}

/**
 * @param force also where it is not stale: licensing-only clusters find the root by it
 * @throws Problem 404, 409
 */
export async function removeServiceConnectionPoint(store: Store, force: boolean): Promise<void> {
  const { state, cluster } = await readServiceConnectionPoint(store)
  if (state === 'absent') problem(404, 'The forest has no service connection point')
  if (state === 'current' && !force)
    problem(409, `It names the root cluster "${cluster}", which is in use: move it, or force`)
  await store.forest.unregisterServiceConnectionPoint()
}

async function rootUrl(store: Store): Promise<{ readonly cluster: string; readonly url: string } | undefined> {
  const root = (await store.clusters.list()).find(({ kind }) => kind === 'root')
  return root === undefined ? undefined : { cluster: root.name, url: certificationUrlOf(root.configuration) }
}
