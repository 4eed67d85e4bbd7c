/** Runs the bundled command as people do: as a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ReadyEvent } from '../../src/manage/start.js'
import { replaceCommands } from '../../src/command-line.js'
import { programFile } from '../../src/package-folder.js'

export const main = fileURLToPath(programFile('main.js'))

export interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Surroundings {
  readonly cwd?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly input?: string | Uint8Array
  /** Another program than the one of this project. */
  readonly program?: string
}

/** Settings of whoever runs the tests stay out. */
function environment(more: Surroundings['environment'] = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('RMS_') && !name.startsWith('TAP'))
  return { ...Object.fromEntries(own), ...more }
}

/** Runs a command to its end. */
export async function run(
  args: readonly string[],
  { cwd, environment: more, input, program = main }: Surroundings = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [program, ...args], {
    env: environment(more),
    ...(cwd === undefined ? {} : { cwd }),
  })
  child.stdin.end(input ?? '')
  return outcome(child)
}

export async function outcome(child: ChildProcess): Promise<Outcome> {
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (text: string) => void (texts[name] += text))
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, ...texts }
}

export interface RunningUp {
  readonly child: ChildProcess
  readonly ready: ReadyEvent
  /** Base URL of the root cluster. */
  readonly url: string
  readonly port: number
  /** Lines of stdout so far. */
  readonly lines: readonly string[]
  readonly stderr: () => string
  stop(signal?: NodeJS.Signals): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

/** Starts `up --json` and waits until it says that it is ready: one root node behind its balancer, unless told otherwise. */
export async function startUp(
  args: readonly string[],
  { cwd, environment: more }: Surroundings = {},
): Promise<RunningUp> {
  const anyPort = args.includes('--port') ? [] : ['--port', '0']
  const small = ['--root', '--seed-file'].some((flag) => args.includes(flag)) ? [] : ['--root', '1', '--no-licensing']
  const child = spawn(process.execPath, [main, 'up', '--json', ...anyPort, ...small, ...args], {
    env: environment(more),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (stderr += text))
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout })
  const ready = await new Promise<ReadyEvent>((resolve, reject) => {
    reader.on('line', (line) => {
      lines.push(line)
      const event = JSON.parse(line) as ReadyEvent
      if (event.event === 'ready') resolve(event)
    })
    void closed.then(([code]) => reject(new Error(`up ended with ${code}: ${stderr}`)))
  })
  const url = ready.clusters[0]?.url ?? ''
  return {
    child,
    ready,
    url,
    port: Number(new URL(url).port),
    lines,
    stderr: () => stderr,
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      const [code, killedBy] = await closed
      return { code, signal: killedBy }
    },
  }
}

/** Every line of stdout as JSON. */
export function jsonLines({ stdout }: Outcome): unknown[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)
}

/** Whether anything accepts connections there. */
export async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  )
}

/** Processes that this one started, as /proc knows them. */
export function childrenOf(parent: number): readonly number[] {
  const statOf = (pid: string): string => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8')
    } catch {
      // It ended since it was listed.
      return ''
    }
  }
  return readdirSync('/proc')
    .filter(
      (name) =>
        /^\d+$/.test(name) &&
        statOf(name)
          .replace(/^.*\) /, '')
          .split(' ')[1] === String(parent),
    )
    .map(Number)
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** The commands that a text tells to run, each as the words that a shell makes of it. */
export function printedCommands(text: string): readonly (readonly string[])[] {
  const found: string[] = []
  replaceCommands(text, (command) => `${found.push(command)}`)
  return found.map((command) =>
    [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)]
      .slice(2)
      .map(([, one, other, plain]) => one ?? other ?? plain ?? ''),
  )
}
