/**
 * The processes of one run of the kills: all of them carry a mark in their environment, so that none is missed, whoever started it. They are
 * found in /proc: this is for Linux.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { until } from '../fixtures/until.js'

export interface MarkedProcess {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

/**
 * Whom a kill hits. `first`: what was started, whose children have to end by themselves; `child`: one of these; `provision`, `node`: those
 * that run this command.
 */
export type Victim = 'all' | 'first' | 'child' | 'provision' | 'node'

export interface MarkedProcesses {
  /** For whatever is to belong to this run. */
  readonly environment: Readonly<Record<string, string>>
  list(): readonly MarkedProcess[]
  /**
   * SIGKILL.
   * @param chance from 0 to below 1: which child
   * @returns how many were hit
   */
  kill(victim: Victim, chance?: number): number
  /** Resolves when none is left. @throws Error that names those that are, which are killed then */
  gone(): Promise<void>
}

const variable = 'KILLS_RUN'

export function markedProcesses(mark: string): MarkedProcesses {
  const wanted = `${variable}=${mark}`
  const list = (): readonly MarkedProcess[] =>
    readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? markedProcess(Number(name), wanted) : []))
  const victims = (victim: Victim, chance: number): readonly MarkedProcess[] => {
    const all = list()
    const first = all.filter(({ parent }) => parent === process.pid)
    const children = all.filter(({ parent }) => parent !== process.pid)
    switch (victim) {
      case 'all':
        return all
      case 'first':
        return first
      case 'child':
        return children.slice(Math.floor(chance * children.length)).slice(0, 1)
      default:
        return first.filter(({ command }) => command.startsWith(victim))
    }
  }
  const kill = (victim: Victim, chance = 0): number => {
    const hit = victims(victim, chance)
    for (const { pid } of hit) end(pid)
    return hit.length
  }
  return {
    environment: { [variable]: mark },
    list,
    kill,
    gone: async () => {
      try {
        await until(() => list().length === 0, 'the processes end')
      } catch (cause) {
        const left = list().map(({ pid, command }) => `${pid} ${command}`)
        kill('all')
        throw new Error(`These processes outlived the kill: ${left.join('; ')}`, { cause })
      }
    },
  }
}

function markedProcess(pid: number, wanted: string): readonly MarkedProcess[] {
  try {
    if (!readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(wanted)) return []
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /, '')
      .split(' ')
    // One that has ended, and was not waited for yet.
    if (stat[0] === 'Z') return []
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').slice(2, 8).join(' ')
    return [{ pid, parent: Number(stat[1]), command }]
  } catch {
    // It has ended meanwhile, or is another account's.
    return []
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It was faster.
  }
}
