/**
 * A server process that belongs to this one: started, awaited until it says that it is ready, stopped. It cannot outlive us, even when we are
 * killed: the channel between us closes then, and the child ends by itself (see cli/parent.ts).
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { processEnvironment } from '../config/environment.js'
import type { Timer, Timers } from '../effects.js'
import { smallHeapEnvironment } from '../node/small-heap.js'
import { programFile } from '../package-folder.js'

export interface ChildOptions {
  /** Arguments of the command line: `['node', '--json', …]`. */
  readonly args: readonly string[]
  /** Settings that must not be seen in a list of processes, as environment variables. */
  readonly secrets?: Readonly<Record<string, string>>
  /** When it is given the word to begin; at once when left out. Until then it loads. */
  readonly begin?: Promise<unknown> | undefined
  /** Milliseconds from then until it must be ready. */
  readonly readyWithin?: number
  /** Receives its stderr, a line at a time. */
  readonly onLine?: (line: string) => void
  readonly timers: Timers
  /** Ends it while it is not ready yet. */
  readonly signal?: AbortSignal | undefined
}

export interface Child {
  readonly pid: number
  /** What it printed when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<string>
  /** Asks it to end, and kills it when it does not within the time. */
  stop(within?: number): Promise<void>
  kill(): void
}

/** The process did not become ready; the message has its last words. */
export class ChildFailed extends Error {
  override readonly name = 'ChildFailed'
}

const defaultReadyWithin = 15_000
const defaultStopWithin = 10_000
const keptLines = 20

/** Those that run: when we end in a hurry they end at once, before what they work on is removed. */
const running = new Set<ChildProcess>()

function killAll(): void {
  for (const child of running) child.kill('SIGKILL')
}

function remember(child: ChildProcess): void {
  if (running.size === 0) process.prependListener('exit', killAll)
  running.add(child)
}

function forget(child: ChildProcess): void {
  if (running.delete(child) && running.size === 0) process.off('exit', killAll)
}

/** @throws ChildFailed, what `begin` is rejected with, and the reason of the signal */
export async function startChild({
  args,
  secrets = {},
  begin = Promise.resolve(),
  readyWithin = defaultReadyWithin,
  onLine,
  timers,
  signal,
}: ChildOptions): Promise<Child> {
  signal?.throwIfAborted()
  const child = spawn(process.execPath, [fileURLToPath(programFile('main.js')), ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...smallHeapEnvironment, ...inheritedEnvironment(), ...secrets },
  })
  remember(child)
  const lines: string[] = []
  createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
    lines.push(line)
    if (lines.length > keptLines) lines.shift()
    onLine?.(line)
  })
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`))
    child.once('error', (error) => resolve(error.message))
  })
  void ended.then(() => forget(child))
  const { said, gone } = wordsOf(child, ended)
  const stop = async (within = defaultStopWithin): Promise<void> => {
    const timer = timers.after(within, () => child.kill('SIGKILL'))
    child.kill('SIGTERM')
    await ended
    timer.stop()
  }
  const cut = abortion(signal)
  let timer: Timer | undefined
  try {
    await Promise.race([begin, gone, cut.happened])
    child.send('begin', () => undefined)
    const tooLate = new Promise<never>((_, reject) => {
      timer = timers.after(readyWithin, () => reject(new NotReady(`it was not ready within ${readyWithin / 1000} s`)))
    })
    const ready = await Promise.race([said, gone, tooLate, cut.happened])
    return { pid: child.pid ?? 0, ready, ended, stop, kill: () => void child.kill('SIGKILL') }
  } catch (error) {
    child.kill('SIGKILL')
    await ended
    if (!(error instanceof NotReady)) throw error
    signal?.throwIfAborted()
    throw new ChildFailed(
      `${args[0]} did not start: ${error.message}${lines.length === 0 ? '' : `\n${lines.join('\n')}`}`,
    )
  } finally {
    timer?.stop()
    cut.forget()
  }
}

/** Of the child itself. */
class NotReady extends Error {}

/** The signal outlives many starts: nothing of them stays with it. */
function abortion(signal: AbortSignal | undefined): {
  readonly happened: Promise<never>
  readonly forget: () => void
} {
  let end = (): void => undefined
  const happened = new Promise<never>((_, reject) => {
    end = () => reject(signal?.reason as Error)
  })
  happened.catch(() => undefined)
  if (signal?.aborted === true) end()
  else signal?.addEventListener('abort', end, { once: true })
  return { happened, forget: () => signal?.removeEventListener('abort', end) }
}

/**
 * What it says on stdout, from its first line on: it may end before it is given the word to begin.
 * @returns `gone` rejects with NotReady when it ends, with the reason that it gave
 */
function wordsOf(
  child: ChildProcess,
  ended: Promise<string>,
): { readonly said: Promise<Child['ready']>; readonly gone: Promise<never> } {
  let reason: string | undefined
  const output = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  const said = new Promise<Child['ready']>((resolve) => {
    output.on('line', (line) => {
      const event = eventOf(line)
      if (event?.['event'] === 'ready') resolve(event)
      // Its last word before it ends.
      if (typeof event?.['reason'] === 'string') reason = event['reason']
    })
  })
  const gone = Promise.all([ended, once(output, 'close')]).then(([how]) =>
    Promise.reject(new NotReady(reason ?? `it ended with ${how}`)),
  )
  gone.catch(() => undefined)
  return { said, gone }
}

function eventOf(line: string): Child['ready'] | undefined {
  try {
    return JSON.parse(line) as Child['ready']
  } catch {
    return undefined
  }
}

/** Settings of ours are not the child's: it is told what it needs. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(processEnvironment()).filter(([name]) => !name.startsWith('RMS_')))
}
