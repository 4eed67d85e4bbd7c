/** A thread that computes with private keys, one operation after the other: `startSigningThreads` starts it. */
import type { KeyObject } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { tryWith, type Engine, type EngineName, type MakeEngine, type PrivateKeyOperation } from './engine.js'

/** They are taken in the order in which they come. */
export type Message =
  | { readonly kind: 'key'; readonly key: number; readonly object: KeyObject }
  | { readonly kind: 'forget'; readonly key: number }
  | {
      readonly kind: 'compute'
      readonly id: number
      readonly key: number
      readonly operation: PrivateKeyOperation
      readonly block: Uint8Array
    }
  | { readonly kind: 'end' }

/** The first one says that the thread is ready. */
export type Answer = 'ready' | Outcome

export interface Outcome {
  readonly id: number
  /** Undefined when the engine found something wrong with the block. */
  readonly block: Uint8Array | undefined
}

const makeEngine = await loadEngine(workerData as EngineName)
const engines = new Map<number, Engine>()

/** Only the one that is used: loading node-forge takes time and memory. */
async function loadEngine(name: EngineName): Promise<MakeEngine> {
  return name === 'forge'
    ? (await import('./forge-engine.js')).forgeEngine
    : (await import('./openssl-engine.js')).opensslEngine
}

function obey(message: Message): void {
  switch (message.kind) {
    case 'key':
      engines.set(message.key, makeEngine(message.object))
      break
    case 'forget':
      engines.delete(message.key)
      break
    case 'compute':
      say(outcomeOf(message))
      break
    case 'end':
      parentPort?.close()
  }
}

function outcomeOf({ id, key, operation, block }: Message & { kind: 'compute' }): Outcome {
  const engine = engines.get(key)
  if (engine === undefined) throw new Error(`There is no key ${key}`)
  const result = tryWith(engine, operation, Buffer.from(block.buffer))
  return { id, block: result && new Uint8Array(result) }
}

function say(answer: Answer): void {
  parentPort?.postMessage(answer)
}

parentPort?.on('message', obey)
say('ready')
