/** Starts and ends a node process, and asks it what it has used. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { CryptoMode } from '../src/crypto/modes.js'
import type { EngineName } from '../src/crypto/signer.js'
import type { NodeReady, NodeUsage } from './node-process.js'

export interface NodeArguments {
  /** Path of an SQLite file. */
  readonly database: string
  readonly mode: CryptoMode
  readonly engine: EngineName
  /** Accounts `bench-1@contoso.test` and so on, added unless they are there. */
  readonly accounts: number
  readonly core?: number | undefined
  /** Leaves a CPU profile with this name in this folder. */
  readonly profile?: { readonly folder: string; readonly name: string } | undefined
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
export async function spawnNode({ database, mode, engine, accounts, core, profile }: NodeArguments): Promise<SpawnedNode> {
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile.folder}`, `--cpu-prof-name=${profile.name}`]
  const program = fileURLToPath(new URL('node-process.js', import.meta.url))
  const line = [process.execPath, ...profiling, program, database, String(mode), engine, String(accounts)]
  const [command = '', ...args] = core === undefined ? line : ['taskset', '-c', String(core), ...line]
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const close = (): Promise<void> => endChild(child, ended)
  try {
    const { url } = (await nextMessage(child, ended)) as NodeReady
    return {
      url,
      async usage() {
        const answer = nextMessage(child, ended)
        child.send('usage')
        return (await answer) as NodeUsage
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function nextMessage(child: ChildProcess, ended: Promise<void>): Promise<unknown> {
  const died = ended.then(() => {
    throw new Error(`The node process ended with ${child.exitCode ?? child.signalCode}: see what it wrote above`)
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
