/** A scope: a forest of its own in this process, below `/f/NAME` of an installation. It has one root cluster of one server, and is in memory. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { LabOffice } from '../../administration/lab/ask-server.js'
import { takeTurns } from '../../administration/lab/turns.js'
import { keepStart } from '../../administration/lab/reset.js'
import type { ServerConfiguration } from '../../cluster/configuration.js'
import { forestClock } from '../../cluster/forest-clock.js'
import { loadServerState, type ServerState } from '../../cluster/server-state.js'
import type { Store } from '../../cluster/store/open.js'
import { systemEffects, type Clock } from '../../effects.js'
import { siteOf } from '../../http/scoped-path.js'
import { statusOf } from '../in-process.js'
import { withStored, type ClusterStatus } from '../status.js'
import type { BlankScope, NamedPlace } from './blank-scope.js'
import { directFetch } from './direct-fetch.js'
import type { ScopePlan } from './scope-plan.js'

export interface Scope {
  readonly name: string
  /** Public base URL, with /_wmcs. */
  readonly url: string
  readonly store: Store
  readonly lab: LabOffice
  readonly openCluster: (name: string) => Promise<ServerState>
  readonly forestClock: () => Promise<Clock>
  readonly clusters: () => Promise<readonly ClusterStatus[]>
  /** Answers a request whose URL is that inside of the scope. */
  readonly serve: (request: IncomingMessage, response: ServerResponse) => void
  /** Aborted when it begins to close: who answers for it and never ends by itself ends. */
  readonly ending: AbortSignal
  /** What the lab keeps from being answered is cut. @param idle resolves when the other requests have been answered */
  close(idle: Promise<void>): Promise<void>
}

/** Where the installation is that scopes belong to. */
export interface ScopeDoor {
  /** Where this process is asked itself, without a path. */
  readonly url: string
  /** Of the root cluster: scopes are below its addresses. */
  readonly configuration: () => Promise<ServerConfiguration>
}

/**
 * @param take gives the blank one that becomes it, when nothing else is missing
 * @throws DatabaseAway, what starting a node throws, and SeedFileError
 */
export async function makeScope(
  name: string,
  take: () => BlankScope,
  plan: ScopePlan,
  door: ScopeDoor,
): Promise<Scope> {
  const at = placeOf(name, door.url, await door.configuration())
  const { node, app, seeding } = await take().place(at)
  const { store } = node
  const { keyPassword, settings } = plan
  const lab: LabOffice = {
    store,
    keyPassword,
    fetchFrom: directFetch(app, at.url),
    turns: takeTurns(),
    ...systemEffects,
  }
  try {
    await seeding.end(store, undefined, lab)
    await keepStart(lab, { settings, clusters: [node.cluster] })
  } catch (error) {
    await node.close()
    throw error
  }
  const ending = new AbortController()
  return {
    name,
    url: node.baseUrl,
    store,
    lab,
    openCluster: (cluster) => loadServerState(store, cluster, keyPassword, 'openssl'),
    forestClock: () => forestClock(store.lab, systemEffects.clock),
    clusters: async () => [await withStored(store, statusOf(node))],
    serve: (request, response) => app.routing(request, response),
    ending: ending.signal,
    close: async (idle) => {
      ending.abort()
      app.held.letGo()
      await idle
      await node.close()
    },
  }
}

function placeOf(
  name: string,
  url: string,
  { baseUrl, externalCertificationUrl, externalLicensingUrl }: ServerConfiguration,
): NamedPlace {
  const scoped = (site: string): string => `${site}/f/${name}`
  const outside = (external: string | null, folder: string): string | null =>
    external === null ? null : `${scoped(siteOf(external))}/_wmcs/${folder}`
  return {
    name,
    url: scoped(url),
    publicUrl: scoped(siteOf(baseUrl)),
    settings: {
      externalCertificationUrl: outside(externalCertificationUrl, 'certification'),
      externalLicensingUrl: outside(externalLicensingUrl, 'licensing'),
    },
  }
}
