/**
 * Threads that compute with private keys, beside the event loop: meanwhile it reads the next request. An operation with RSA-2048 takes 370 µs, of which the
 * loop is left 15 µs for the messages to and fro. The first thread takes 14 MB of memory, each other one 5 to 14.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { programFile } from '../package-folder.js'
import { tryWith, type Engine, type EngineName, type PrivateKeyOperation } from './engine.js'
import type { RsaPrivateKey } from './keys.js'
import type { Answer, Message } from './signing-thread.js'

export interface SigningThreads {
  readonly engine: EngineName
  /**
   * What is computed with one key. The threads forget it when the function is not used any more.
   * @param here does it on the thread that asks: when the others are far behind, have failed, or are closed
   * @returns undefined when something was wrong with the block
   */
  engineOf(
    key: RsaPrivateKey,
    here: Engine,
  ): (operation: PrivateKeyOperation, block: Buffer) => Promise<Buffer | undefined>
  /** Ends the threads when they have done what they were asked for. */
  close(): Promise<void>
}

export const mostThreads = 16

/** Orders before a thread: with so many, whoever asks does it himself, and takes no further requests meanwhile. */
const enoughWaiting = 64

/**
 * How many threads are worth having for a node with so many cores of its own. For a license the event loop has as much to do as a thread, so it keeps one busy; with
 * a single core they would only take turns.
 */
export function usefulThreads(cores: number): number {
  return cores >= 2 ? 1 : 0
}

interface Thread {
  readonly worker: Worker
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>
  /** What it was asked for and has not answered. */
  readonly waiting: Map<number, Waiting>
}

interface Waiting {
  readonly resolve: (result: Buffer | undefined) => void
  readonly doHere: () => Buffer | undefined
}

/**
 * @param count 1 to 16
 * @param onFailure told of a thread that has failed; its work is done by whoever asks from then on
 * @throws RangeError, or what keeps a thread from starting; none is left behind then
 */
export async function startSigningThreads(
  count: number,
  engine: EngineName,
  onFailure: (error: unknown) => void = () => undefined,
): Promise<SigningThreads> {
  if (!Number.isInteger(count) || count < 1 || count > mostThreads)
    throw new RangeError(`Signer threads are a whole number up to ${mostThreads}, this is ${count}`)
  const threads = new Set(Array.from({ length: count }, () => startThread(engine, onFailure)))
  try {
    await Promise.all([...threads].map(({ worker }) => once(worker, 'message')))
  } catch (error) {
    await Promise.all([...threads].map(({ worker }) => worker.terminate()))
    throw error
  }
  let keys = 0
  let orders = 0

  const workAfter = async (thread: Thread): Promise<void> => {
    await thread.ended
    threads.delete(thread)
    for (const { resolve, doHere } of thread.waiting.values()) resolve(doHere())
  }
  for (const thread of threads) void workAfter(thread)
  const tell = (message: Message): void => {
    for (const { worker } of threads) worker.postMessage(message)
  }
  const unused = new FinalizationRegistry<number>((key) => tell({ kind: 'forget', key }))

  return {
    engine,
    engineOf: ({ key: object }, here) => {
      const key = keys++
      tell({ kind: 'key', key, object })
      const compute = async (operation: PrivateKeyOperation, block: Buffer): Promise<Buffer | undefined> => {
        const doHere = (): Buffer | undefined => tryWith(here, operation, block)
        const thread = leastBusy(threads)
        if (thread === undefined || thread.waiting.size >= enoughWaiting) return doHere()
        const id = orders++
        // A copy of its own: with a view, all the memory behind it would travel.
        thread.worker.postMessage({
          kind: 'compute',
          id,
          key,
          operation,
          block: new Uint8Array(block),
        } satisfies Message)
        return new Promise((resolve) => thread.waiting.set(id, { resolve, doHere }))
      }
      unused.register(compute, key)
      return compute
    },
    close: async () => {
      const all = [...threads]
      tell({ kind: 'end' })
      threads.clear()
      await Promise.all(all.map(({ ended }) => ended))
    },
  }
}

function startThread(engine: EngineName, onFailure: (error: unknown) => void): Thread {
  // Nothing of how the process was started is meant for the thread; what it makes is gone at once, and needs little room.
  const worker = new Worker(programFile('signing-thread.js'), {
    workerData: engine,
    execArgv: [],
    env: {},
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  })
  const waiting: Thread['waiting'] = new Map()
  worker.on('message', (answer: Answer) => {
    if (answer === 'ready') return
    const { id, block } = answer
    waiting.get(id)?.resolve(block && Buffer.from(block.buffer))
    waiting.delete(id)
  })
  worker.on('error', onFailure)
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  return { worker, ended, waiting }
}

function leastBusy(threads: ReadonlySet<Thread>): Thread | undefined {
  let least: Thread | undefined
  for (const thread of threads) if (least === undefined || thread.waiting.size < least.waiting.size) least = thread
  return least
}
