/**
 * Threads that compute with private keys, beside the event loop: meanwhile it reads the next request. An operation with RSA-2048 takes 370 µs, of which the
 * loop is left 15 µs for the messages to and fro; each thread takes 14 MB.
 */
import { Worker } from 'node:worker_threads'
import type { EngineName, PrivateKeyOperation } from './engine.js'
import type { RsaPrivateKey } from './keys.js'
import type { Message, Outcome } from './signing-thread.js'

export interface SigningThreads {
  readonly engine: EngineName
  /** What the threads do with one key. Undefined: something was wrong with the block. */
  engineOf(key: RsaPrivateKey): (operation: PrivateKeyOperation, block: Buffer) => Promise<Buffer | undefined>
  /** For the time when nothing is asked of them any more. */
  close(): Promise<void>
}

/** The event loop does as much for a license as its signature takes: it cannot keep more threads busy. */
const mostUseful = 2

/** How many threads are worth having for a node with so many cores of its own; none where the event loop needs the only one. */
export function usefulThreads(cores: number): number {
  return Math.max(0, Math.min(mostUseful, Math.floor(cores) - 1))
}

interface Thread {
  readonly worker: Worker
  readonly waiting: Map<number, (outcome: Outcome) => void>
}

/** A thread that dies takes the process with it, as an error that nobody caught: without it, a node would only seem to work. */
export function startSigningThreads(count: number, engine: EngineName): SigningThreads {
  const threads = Array.from({ length: count }, () => startThread(engine))
  const numbers = new Map<string, number>()
  let orders = 0

  /** The same keys come again with each new configuration. */
  const numberOf = ({ publicKey: { modulus }, key: object }: RsaPrivateKey): number => {
    const known = numbers.get(modulus)
    if (known !== undefined) return known
    const key = numbers.size
    numbers.set(modulus, key)
    for (const { worker } of threads) worker.postMessage({ key, object } satisfies Message)
    return key
  }

  return {
    engine,
    engineOf: (privateKey) => {
      const key = numberOf(privateKey)
      return async (operation, block) => {
        const { worker, waiting } = leastBusy(threads)
        const id = orders++
        // A copy of its own: with a view, all the memory behind it would travel.
        worker.postMessage({ id, key, operation, block: new Uint8Array(block) } satisfies Message)
        const { block: result } = await new Promise<Outcome>((resolve) => waiting.set(id, resolve))
        return result && Buffer.from(result.buffer)
      }
    },
    close: async () => {
      await Promise.all(threads.map(({ worker }) => worker.terminate()))
    },
  }
}

function startThread(engine: EngineName): Thread {
  // Nothing of how the process was started is meant for the thread.
  const worker = new Worker(new URL('signing-thread.js', import.meta.url), { workerData: engine, execArgv: [], env: {}, resourceLimits: { maxYoungGenerationSizeMb: 4 } })
  const waiting: Thread['waiting'] = new Map()
  worker.on('message', (outcome: Outcome) => {
    waiting.get(outcome.id)?.(outcome)
    waiting.delete(outcome.id)
  })
  return { worker, waiting }
}

function leastBusy(threads: readonly Thread[]): Thread {
  return threads.reduce((least, thread) => (thread.waiting.size < least.waiting.size ? thread : least))
}
