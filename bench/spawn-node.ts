/** Starts and ends processes of the benchmark, and asks nodes what they have used. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { CryptoMode } from '../src/crypto/modes.js'
import { processEnvironment } from '../src/config/environment.js'
import type { EngineName } from '../src/crypto/engine.js'
import { smallHeapEnvironment } from '../src/node/small-heap.js'
import type { NodeReady, NodeUsage } from './node-process.js'

/** Whether there is a lab, and whether it keeps a journal. */
export type NodeLabUse = 'none' | 'lab' | 'journal'

export interface NodeArguments {
  /** Path of an SQLite file. */
  readonly database: string
  readonly mode: CryptoMode
  readonly engine: EngineName
  /** Accounts `bench-1@contoso.test` and so on, added unless they are there. */
  readonly accounts: number
  readonly core?: number | undefined
  /** `root-1`, which makes the cluster where there is none, unless told otherwise; any other joins the cluster that is there. */
  readonly nodeId?: string | undefined
  /** 0 when left out. */
  readonly signerThreads?: number | undefined
  /** `none` when left out, as with `--no-lab`. */
  readonly lab?: NodeLabUse | undefined
  readonly profile?: Profile | undefined
}

/** Where a process leaves a CPU profile of itself. */
export interface Profile {
  readonly folder: string
  readonly name: string
}

export interface SpawnedNode {
  /** Without a path. */
  readonly url: string
  usage(): Promise<NodeUsage>
  /** Waits until the process has ended. */
  close(): Promise<void>
}

/** A node that does not end by itself in this time is killed. */
const patienceMilliseconds = 10_000

/** @throws when the node ends before it serves; what it said stands on stderr */
export async function spawnNode({
  database,
  mode,
  engine,
  accounts,
  core,
  profile,
  nodeId = 'root-1',
  signerThreads = 0,
  lab = 'none',
}: NodeArguments): Promise<SpawnedNode> {
  const { child, ready, next, close } = await startProgram(
    'node-process.js',
    [database, String(mode), engine, String(accounts), nodeId, String(signerThreads), lab],
    { core, profile },
  )
  return {
    url: (ready as NodeReady).url,
    async usage() {
      const answer = next()
      child.send('usage')
      return (await answer) as NodeUsage
    },
    close,
  }
}

export interface StartedProgram {
  readonly child: ChildProcess
  /** The first message that it sent. */
  readonly ready: unknown
  /** The next one. */
  readonly next: () => Promise<unknown>
  /** Waits until the process has ended. */
  readonly close: () => Promise<void>
}

/**
 * A program of this folder as a process of its own, which tells that it is ready and ends when its channel is closed.
 * @throws when it ends before that; what it said stands on stderr
 */
export async function startProgram(
  name: string,
  args: readonly string[],
  { core, profile }: Pick<NodeArguments, 'core' | 'profile'> = {},
): Promise<StartedProgram> {
  const flags =
    profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile.folder}`, `--cpu-prof-name=${profile.name}`]
  const line = [process.execPath, ...flags, fileURLToPath(new URL(name, import.meta.url)), ...args]
  const [command = '', ...rest] = core === undefined ? line : ['taskset', '-c', String(core), ...line]
  const child = spawn(command, rest, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...smallHeapEnvironment, ...processEnvironment() },
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const next = (): Promise<unknown> => nextMessage(child, ended)
  const close = (): Promise<void> => endChild(child, ended)
  try {
    return { child, ready: await next(), next, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function nextMessage(child: ChildProcess, ended: Promise<void>): Promise<unknown> {
  const died = ended.then(() => {
    throw new Error(`The process ended with ${child.exitCode ?? child.signalCode}: see what it wrote above`)
  })
  const [message] = (await Promise.race([once(child, 'message'), died])) as readonly unknown[]
  return message
}

async function endChild(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  if (child.connected) child.disconnect()
  const killing = setTimeout(() => child.kill('SIGKILL'), patienceMilliseconds)
  await ended
  clearTimeout(killing)
}
