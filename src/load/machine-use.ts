/** What the generator and its machine were busy with: whether figures are the cluster's, or only as good as the machine. */
import { cpus } from 'node:os'
import { watchLateness, type Clock } from '../effects.js'

export interface MachineUse {
  /** Milliseconds that the generator's event loop was late, 99th percentile. */
  readonly eventLoopDelay: number
  /** Share of one core that the generator used. */
  readonly generatorCpu: number
  /** Share of all cores that anything on this machine used. */
  readonly machineCpu: number
  readonly cores: number
}

/** @returns stops watching, and says what was used since */
export function watchMachine(clock: Clock): () => MachineUse {
  const lateness = watchLateness()
  const began = clock.monotonic()
  const own = process.cpuUsage()
  const before = times()
  return () => {
    lateness.stop()
    const { user, system } = process.cpuUsage(own)
    const after = times()
    const total = after.total - before.total
    return {
      eventLoopDelay: lateness.p99(),
      generatorCpu: (user + system) / 1000 / Math.max(1, clock.monotonic() - began),
      machineCpu: total > 0 ? 1 - (after.idle - before.idle) / total : 0,
      cores: cpus().length,
    }
  }
}

function times(): { readonly idle: number; readonly total: number } {
  const all = cpus().map((core) => core.times)
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  return { idle: sum(all.map(({ idle }) => idle)), total: sum(all.map((core) => sum(Object.values(core)))) }
}
