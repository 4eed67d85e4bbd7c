/** `size --verify`: starts the cluster with emulated capacity, loads it, and compares what was measured with what was predicted. */
import { seedPassword } from '../directory/seed.js'
import { systemClock, systemRandom, systemTimers } from '../effects.js'
import type { LoadProgress } from '../load/progress.js'
import type { LoadResult } from '../load/result.js'
import { runLoad } from '../load/run-load.js'
import { arrivalTimes } from '../sizing/arrivals.js'
import { seededChance } from '../sizing/chance.js'
import type { EmulatedServer } from '../sizing/emulated-server.js'
import { simulateCluster, type Simulated } from '../sizing/simulate.js'
import { allowedDifference, compared, verifyPlan, type Compared, type VerifyPlan } from '../sizing/verify-plan.js'
import { labAccountsOf } from './load-accounts.js'
import { startOwnInstallation } from './own-installation.js'
import type { Sample } from '../load/open-loop.js'

export interface Verification {
  readonly servers: number
  readonly peak: number
  readonly server: EmulatedServer
  readonly scale: number | undefined
  /** Of the load, here. */
  readonly seconds: number
  readonly seed: number
  readonly onProgress: (text: string) => void
  readonly onLoad: (progress: LoadProgress) => void
}

export interface Verified {
  readonly plan: VerifyPlan
  readonly seconds: number
  /** The very arrivals that were sent, simulated; times as on this machine. */
  readonly predicted: Simulated
  readonly result: LoadResult
  readonly samples: readonly Sample[]
  /** Both in real time: answers per second, and seconds. */
  readonly throughput: Compared
  readonly p50: Compared
  readonly p95: Compared
}

/** Milliseconds: nobody gives up before a full queue is done. */
const patience = 3_600_000

/** @throws what `startInstallation` and a client throw */
export async function verifySize(verification: Verification): Promise<Verified> {
  const { servers, peak, server, scale, seconds, seed, onProgress, onLoad } = verification
  const plan = verifyPlan(peak, server, scale)
  onProgress(`Starting ${servers} servers`)
  const settings = { emulatedServer: plan.server }
  const options = {
    processes: true,
    root: servers,
    licensing: [],
    port: 0,
    settings,
    requestTimeoutMilliseconds: patience,
  }
  const installation = await startOwnInstallation(options, { exitCode: 130 })
  const accounts = labAccountsOf(installation.ready.forest)
  try {
    const shape = { name: 'constant', highestRate: plan.rate, seconds } as const
    const mix = [{ operation: 'license', weight: 1 }] as const
    const loadPlan = {
      date: systemClock.now().toISOString(),
      server: installation.url,
      shape,
      arrivals: 'poisson',
      mix,
      seed,
      accounts: accounts.length,
      contents: 10,
      connections: 4000,
    } as const
    const load = {
      plan: loadPlan,
      accounts,
      password: seedPassword,
      timeoutMilliseconds: patience,
      clock: systemClock,
      timers: systemTimers,
      random: systemRandom,
    }
    // Ctrl-C stops the installation, and with it the process.
    const { signal } = new AbortController()
    const { result, samples } = await runLoad({ ...load, onPrepare: onProgress, onProgress: onLoad, signal })
    return {
      plan,
      seconds: result.seconds,
      result,
      samples,
      ...comparison(plan, { servers, seconds: result.seconds, seed }, result),
    }
  } finally {
    onProgress('Stopping')
    await installation.close()
  }
}

/** Runs that are simulated where service times are a matter of chance: those of the servers are others than ours. */
const simulatedRuns = 41

/** The same seed gives the same arrivals: with fixed service times nothing is left to chance, what differs is the model or the machine. */
function comparison(
  plan: VerifyPlan,
  { servers, seconds, seed }: { servers: number; seconds: number; seed: number },
  result: LoadResult,
): Pick<Verified, 'predicted' | 'throughput' | 'p50' | 'p95'> {
  const { scale, server } = plan
  const shape = { name: 'constant', highestRate: plan.rate, seconds } as const
  const simulate = (run: number): Simulated =>
    simulateCluster(arrivalTimes(shape, 'poisson', seededChance(seed)), {
      servers,
      server,
      chance: seededChance(seed + 2 + run),
    })
  const runs = Array.from({ length: server.serviceDistribution === 'fixed' ? 1 : simulatedRuns }, (_, run) =>
    simulate(run),
  ).toSorted((one, other) => one.response.p95 - other.response.p95)
  const { throughput, p95 } = allowedDifference
  return {
    predicted: runs[Math.floor(runs.length / 2)] ?? simulate(0),
    throughput: compared(
      runs.map(({ servedPerSecond }) => servedPerSecond * scale),
      result.answeredPerSecond * scale,
      throughput,
    ),
    p50: compared(
      runs.map(({ response }) => response.p50 / scale),
      result.latency.p50 / 1000 / scale,
      p95,
    ),
    p95: compared(
      runs.map(({ response }) => response.p95 / scale),
      result.latency.p95 / 1000 / scale,
      p95,
    ),
  }
}
