/**
 * A scope that has no name yet: a node that is ready but for its address, with the key pair of its cluster. Most of what a scope costs is done before
 * anybody waits for it.
 */
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { RsaPrivateKey } from '../../crypto/keys.js'
import type { Seeding } from '../seeding.js'
import type { NodePlace } from '../../node/place.js'
import { startNode, type NodeOptions, type RunningNode } from '../../node/start.js'

export interface NamedPlace extends NodePlace {
  /** Of the scope. */
  readonly name: string
}

export interface PlacedNode {
  readonly node: RunningNode
  /** Takes requests without having a listener. */
  readonly app: FastifyInstance
  /** What is to be done yet, when it has its address. */
  readonly seeding: Seeding
}

export interface BlankScope {
  /** Resolves when the rest is done soon. Rejects when it cannot be made. */
  readonly ready: Promise<void>
  /** To be called once. */
  place(at: NamedPlace): Promise<PlacedNode>
  /** It is not needed. */
  discard(): Promise<void>
}

/**
 * @param seeding of this one alone
 * @param clusterKeyPair that nobody else has
 */
export function prepareBlankScope(
  options: Partial<NodeOptions>,
  seeding: Seeding,
  clusterKeyPair: Promise<RsaPrivateKey>,
): BlankScope {
  const placed = promised<NamedPlace>()
  const prepared = promised<FastifyInstance>()
  const starting = startNode({
    ...options,
    seeding,
    clusterKeyPair,
    place: async (app) => {
      await app.ready()
      prepared.resolve(app)
      const { name, ...place } = await placed.promise
      // Whoever reads the log of all sees which one it was.
      const log = app.log as unknown as Logger
      log.setBindings({ scope: name })
      return place
    },
  })
  starting.catch((error: unknown) => prepared.reject(error))
  placed.promise.catch(() => undefined)
  const ready = Promise.all([prepared.promise, clusterKeyPair]).then(() => undefined)
  ready.catch(() => undefined)
  return {
    ready,
    place: async (at) => {
      placed.resolve(at)
      return { node: await starting, app: await prepared.promise, seeding }
    },
    discard: async () => {
      placed.reject(new Error('The scope is not needed'))
      await starting.catch(() => undefined)
    },
  }
}

interface Promised<Value> {
  readonly promise: Promise<Value>
  readonly resolve: (value: Value) => void
  readonly reject: (error: unknown) => void
}

function promised<Value>(): Promised<Value> {
  let resolve: Promised<Value>['resolve'] = () => undefined
  let reject: Promised<Value>['reject'] = () => undefined
  const promise = new Promise<Value>((onValue, onError) => {
    resolve = onValue
    reject = onError
  })
  return { promise, resolve, reject }
}
