/** When a change holds: every server of the cluster has read it. */
import { trustingFetch } from '../client/trusting-fetch.js'
import type { ServerConfiguration } from '../cluster/configuration.js'
import type { Store } from '../cluster/store/open.js'
import { answerWithin, pause, type Clock, type Timers } from '../effects.js'
import { LabInputError } from '../lab/input-error.js'
import { controlsInWords } from '../lab/servers/controls.js'
import { installationWords } from '../lab/servers/installation-controls.js'
import { noLab, type LabState } from '../lab/state.js'

export interface Applying {
  readonly store: Store
  readonly clock: Clock
  readonly timers: Timers
  /** Certificates in PEM that https servers lead to. */
  readonly ca: string | undefined
}

/** Milliseconds. */
const shortestPatience = 10_000
const betweenLooks = 50
const longestLook = 2000

/** A server that the lab itself keeps from reading a change. */
export interface LeftOut {
  readonly node: string
  /** For people: `stale configuration` */
  readonly why: string
}

export interface Applied {
  /** Those that answer and have not read it in good time. */
  readonly late: readonly string[]
  /** Those that read it when what is set in the lab ends. */
  readonly leftOut: readonly LeftOut[]
}

/**
 * Waits until every member of the cluster runs on this configuration, or a later one. Those that do not answer at all are not waited for: they
 * read it when they come back; nor those that the lab keeps from it.
 * @throws DatabaseAway
 */
export async function untilApplied(
  cluster: string,
  configuration: ServerConfiguration,
  { store, clock, timers, ca }: Applying,
): Promise<Applied> {
  const wanted = configuration.configurationVersion
  const patience = Math.max(shortestPatience, 3000 * configuration.configurationRefreshIntervalSeconds)
  const deadline = clock.monotonic() + patience
  const fetchFrom = trustingFetch(ca)
  for (;;) {
    // What is set may end, or begin, meanwhile.
    const [members, lab] = await Promise.all([store.members.list(cluster), labOf(store)])
    const kept = members.flatMap(({ nodeId: node }) => keptBack(lab, node))
    const asked = members.filter(({ nodeId }) => !kept.some(({ node }) => node === nodeId))
    const versions = await Promise.all(asked.map(({ url }) => versionAt(url)))
    const behind = asked.filter((_, index) => (versions[index] ?? wanted) < wanted).map(({ nodeId }) => nodeId)
    if (behind.length === 0 || clock.monotonic() > deadline) return { late: behind, leftOut: kept }
    await pause(timers, betweenLooks)
  }

  async function versionAt(url: string): Promise<number | undefined> {
    try {
      const answer = await fetchFrom(`${url}/readyz`, { signal: answerWithin(longestLook) })
      return ((await answer.json()) as { readonly configurationVersion?: number }).configurationVersion
    } catch {
      return undefined
    }
  }
}

/** As untilApplied, for what every cluster has now. */
export async function untilAllApplied(applying: Applying): Promise<void> {
  for (const { name, configuration } of await applying.store.clusters.list())
    await untilApplied(name, configuration, applying)
}

/** What cannot be read is set nowhere. */
async function labOf({ lab }: Store): Promise<LabState> {
  return lab.read().catch((error: unknown) => {
    if (error instanceof LabInputError) return noLab
    throw error
  })
}

function keptBack({ servers, installation }: LabState, node: string): readonly LeftOut[] {
  const { paused, stale } = servers[node] ?? {}
  if (installation.databaseAway === true) return [{ node, why: installationWords.databaseAway }]
  if (stale === true) return [{ node, why: controlsInWords({ stale }) }]
  return paused === true ? [{ node, why: controlsInWords({ paused }) }] : []
}
