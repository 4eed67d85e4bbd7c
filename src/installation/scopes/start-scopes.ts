/** The scopes of an installation that is being started: its servers know where to pass their requests before there are any. */
import { pino } from 'pino'
import type { ServerConfiguration } from '../../cluster/configuration.js'
import type { Store } from '../../cluster/store/open.js'
import { systemEffects } from '../../effects.js'
import type { PassOn } from '../../node/http-server.js'
import type { InstallationOptions } from '../installation-options.js'
import { makeScope } from './scope.js'
import type { DoorOfScopes } from './scope-door.js'
import { planScopes } from './scope-plan.js'
import { openScopes, type Scopes } from './scopes.js'
import { stockOf } from './stock.js'

export interface ScopeGate {
  /** Takes the requests of scopes; nobody's before they are opened. */
  readonly passOn: PassOn
  /**
   * To be called when the root cluster is there. Resolves when the first scopes can be made at once.
   * @throws SeedFileError, OptionRefused
   */
  open(where: ScopesPlace): Promise<Scopes>
}

export interface ScopesPlace {
  /** Where a node of this process answers clients, without a path; undefined where they come by the door. */
  readonly ownUrl: string | undefined
  readonly door: DoorOfScopes
  readonly store: Store
}

/** Seconds: ten minutes. */
const usualIdle = 600
/** As many may be asked for first at one time without waiting. */
const inStock = 2

/** @returns undefined: the installation has none */
export function scopeGate(options: InstallationOptions): ScopeGate | undefined {
  const { scopes: most = 0, scopeIdleSeconds: idleSeconds = usualIdle, log = pino({ level: 'silent' }) } = options
  if (most === 0) return undefined
  let opened: Scopes | undefined
  return {
    passOn: (request, response) => opened?.passOn(request, response) ?? false,
    open: async ({ ownUrl, door, store }) => {
      const url = ownUrl ?? door.url ?? ''
      const configuration = (): Promise<ServerConfiguration> => rootConfiguration(store)
      const { dnsName: forest } = await store.forest.read()
      const plan = planScopes(
        { ...options, forest, mode: (await configuration()).cryptographicMode },
        door.url === undefined ? undefined : door.listenerKey,
      )
      const { timers } = systemEffects
      const stock = stockOf(plan.prepare, () => Math.min(inStock, most - (opened?.list().length ?? 0)), { timers, log })
      const scopes = openScopes(
        { most, idleSeconds },
        (name) => makeScope(name, () => stock.take(), plan, { url, configuration }),
        { ...systemEffects, log },
      )
      const close = async (): Promise<void> => {
        await scopes.close()
        await stock.close()
        plan.close()
      }
      try {
        await stock.fill()
      } catch (error) {
        await close()
        throw error
      }
      opened = { ...scopes, close }
      return opened
    },
  }
}

/** @throws DatabaseAway */
async function rootConfiguration(store: Store): Promise<ServerConfiguration> {
  const root = (await store.clusters.list()).find(({ kind }) => kind === 'root')
  if (root === undefined) throw new Error('The installation has no root cluster')
  return root.configuration
}
