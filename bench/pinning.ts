/** Node and load on a core of their own each, where the system has `taskset` and two cores. */
import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'

export interface Pinning {
  readonly nodeCore: number
  readonly loadCore: number
}

/** Moves this process (with all of its threads) to a core; undefined, with nothing changed, where that cannot be done. */
export function pinLoad(): Pinning | undefined {
  const pinning = { nodeCore: 0, loadCore: 1 }
  try {
    taskset('-c', String(pinning.nodeCore), process.execPath, '--version')
    moveTo(String(pinning.loadCore))
    return pinning
  } catch {
    return undefined
  }
}

/** Gives this process all cores back; those that it starts have them too. */
export function unpin(): void {
  moveTo(`0-${cpus().length - 1}`)
}

/** @param cores as taskset names them, such as `2-3`; what this process starts from then on has them too */
export function moveTo(cores: string): void {
  taskset('-a', '-p', '-c', cores, String(process.pid))
}

function taskset(...args: readonly string[]): void {
  execFileSync('taskset', args, { stdio: 'ignore' })
}
