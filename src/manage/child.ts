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
  const stop = async (within = defaultStopWithin): Promise<void> => {
    const timer = timers.after(within, () => child.kill('SIGKILL'))
    child.kill('SIGTERM')
    await ended
    timer.stop()
  }
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  try {
    await Promise.race([begin, aborted(signal)])
  } catch (error) {
    await kill()
    throw error
  }
  child.send('begin', () => undefined)
  try {
    const ready = await Promise.race([readiness(child, ended, readyWithin, timers), aborted(signal)])
    return { pid: child.pid ?? 0, ready, ended, stop, kill: () => void child.kill('SIGKILL') }
  } catch (error) {
    await kill()
    signal?.throwIfAborted()
    throw new ChildFailed(
      `${args[0]} did not start: ${(error as Error).message}${lines.length === 0 ? '' : `\n${lines.join('\n')}`}`,
    )
  }
}

/** Never resolves. */
function aborted(signal: AbortSignal | undefined): Promise<never> {
  const cut = new Promise<never>((_, reject) => {
    const end = (): void => reject(signal?.reason as Error)
    if (signal?.aborted === true) end()
    else signal?.addEventListener('abort', end, { once: true })
  })
  cut.catch(() => undefined)
  return cut
}

async function readiness(
  child: ChildProcess,
  ended: Promise<string>,
  within: number,
  timers: Timers,
): Promise<Child['ready']> {
  let timer: Timer | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = timers.after(within, () => reject(new Error(`it was not ready within ${within / 1000} s`)))
  })
  let reason: string | undefined
  const output = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  const gone = Promise.all([ended, once(output, 'close')]).then(([how]) =>
    Promise.reject(new Error(reason ?? `it ended with ${how}`)),
  )
  const said = new Promise<Child['ready']>((resolve) => {
    output.on('line', (line) => {
      const event = eventOf(line)
      if (event?.['event'] === 'ready') resolve(event)
      // Its last word before it ends.
      if (typeof event?.['reason'] === 'string') reason = event['reason']
    })
  })
  try {
    return await Promise.race([said, gone, tooLate])
  } finally {
    timer?.stop()
    gone.catch(() => undefined)
  }
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
