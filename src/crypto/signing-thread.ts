/** A thread that computes with private keys, one operation after the other: `startSigningThreads` starts it. */
import type { KeyObject } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { tryWith, type Engine, type EngineName, type MakeEngine, type PrivateKeyOperation } from './engine.js'

/** The thread is told of a key before the first order with it. */
export type Message = KeyMessage | Order

export interface KeyMessage {
  readonly key: number
  readonly object: KeyObject
}

export interface Order {
  readonly id: number
  readonly key: number
  readonly operation: PrivateKeyOperation
  readonly block: Uint8Array
}

export interface Outcome {
  readonly id: number
  /** Undefined when the engine found something wrong with the block. */
  readonly block: Uint8Array | undefined
}

const makeEngine = await loadEngine(workerData as EngineName)
const engines = new Map<number, Engine>()

parentPort?.on('message', (message: Message) => {
  if ('object' in message) engines.set(message.key, makeEngine(message.object))
  else parentPort?.postMessage(outcomeOf(message))
})

/** Only the one that is used: loading node-forge takes time and memory. */
async function loadEngine(name: EngineName): Promise<MakeEngine> {
  return name === 'forge' ? (await import('./forge-engine.js')).forgeEngine : (await import('./openssl-engine.js')).opensslEngine
}

function outcomeOf({ id, key, operation, block }: Order): Outcome {
  const engine = engines.get(key)
  const result = engine && tryWith(engine, operation, Buffer.from(block.buffer))
  return { id, block: result && new Uint8Array(result) }
}
