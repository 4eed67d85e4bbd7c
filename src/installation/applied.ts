/** When a change holds: every server of the cluster has read it. */
import { trustingFetch } from '../client/trusting-fetch.js'
import type { ServerConfiguration } from '../cluster/configuration.js'
import type { Store } from '../cluster/store/open.js'
import { answerWithin, pause, type Clock, type Timers } from '../effects.js'

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

/**
 * Waits until every member of the cluster runs on this configuration, or a later one. Those that do not answer at all are not waited for: they
 * read it when they come back.
 * @returns names of those that answer and have not read it in good time
 */
export async function untilApplied(
  cluster: string,
  configuration: ServerConfiguration,
  { store, clock, timers, ca }: Applying,
): Promise<readonly string[]> {
  const wanted = configuration.configurationVersion
  const patience = Math.max(shortestPatience, 3000 * configuration.configurationRefreshIntervalSeconds)
  const deadline = clock.monotonic() + patience
  const fetchFrom = trustingFetch(ca)
  for (;;) {
    const members = await store.members.list(cluster)
    const versions = await Promise.all(members.map(({ url }) => versionAt(url)))
    const late = members.filter((_, index) => (versions[index] ?? wanted) < wanted).map(({ nodeId }) => nodeId)
    if (late.length === 0 || clock.monotonic() > deadline) return late
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
