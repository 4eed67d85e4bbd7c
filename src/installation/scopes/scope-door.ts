/** Where balancers of this machine bring the requests of scopes: a listener on loopback that serves nothing else. */
import Fastify, { type FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { systemEffects } from '../../effects.js'
import { defaultHeaderLimit, headerMargin } from '../../http/header-limit.js'
import { requestIds } from '../../http/request-ids.js'
import { onHttpServer, type PassOn } from '../../node/http-server.js'
import { defaultNodeOptions } from '../../node/start.js'
import { closeUnusedConnections } from '../../node/unused-connections.js'
import type { InstallationOptions } from '../installation-options.js'

export interface DoorOfScopes {
  /** Without a path; undefined: there is none. */
  readonly url: string | undefined
  /** What balancers show there, as to their servers. */
  readonly listenerKey: string
}

export interface OpenDoor extends DoorOfScopes {
  close(): Promise<void>
}

/** @param passOn undefined: there are no scopes. A node that is alone in this process needs no door */
export async function openScopeDoor(options: InstallationOptions, passOn: PassOn | undefined): Promise<OpenDoor> {
  const listenerKey = systemEffects.random.bytes(24).toString('base64url')
  const isBalanced = options.processes === true || (options.root ?? 1) > 1
  if (passOn === undefined || !isBalanced) return { url: undefined, listenerKey, close: async () => undefined }
  return { listenerKey, ...(await listen(passOn, options)) }
}

/** Times and limits are those of a server; /readyz is what its balancers look at. */
async function listen(
  passOn: PassOn,
  {
    headerLimit = defaultHeaderLimit,
    requestTimeoutMilliseconds: requestTimeout = defaultNodeOptions.requestTimeoutMilliseconds,
    log = pino({ level: 'silent' }),
  }: InstallationOptions,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { clock, timers } = systemEffects
  const nextId = requestIds(clock.now())
  const app = Fastify({
    loggerInstance: log,
    ...onHttpServer({
      headerLimit: headerLimit + headerMargin,
      nextId: () => `scopes-${nextId()}`,
      timers,
      log,
      passOn,
    }),
    requestTimeout,
    connectionTimeout: 2 * requestTimeout,
    keepAliveTimeout: 65_000,
    forceCloseConnections: 'idle',
  }) as unknown as FastifyInstance
  closeUnusedConnections(app)
  app.get('/readyz', async () => ({ status: 'ready' }))
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return { url, close: () => app.close() }
}
