/** A process of its own that starts and closes an installation in itself several times, and tells what each time took. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CryptoMode } from '../src/crypto/modes.js'
import { modes } from '../src/crypto/modes.js'
import { generateKeyPair } from '../src/crypto/keys.js'
import { systemClock } from '../src/effects.js'
import { startInstallation, type InstallationOptions } from '../src/index.js'

export type StartKind = 'memory' | 'file' | 'seed' | 'nodes'

export interface StartTime {
  readonly seconds: number
  /** Milliseconds, of all threads. */
  readonly cpu: number
}

export interface StartTimes {
  /** Of each start, until it serves, and of its end. */
  readonly starts: readonly StartTime[]
  /** The mean of some, when no other is made at the same time. */
  readonly keyPair: StartTime
}

const optionsOf: Readonly<Record<StartKind, (folder: string, time: number) => InstallationOptions>> = {
  memory: () => ({}),
  file: (folder, time) => ({ data: join(folder, String(time)) }),
  seed: () => ({ seed: 42, clock: '2026-01-01T00:00:00Z' }),
  nodes: () => ({ root: 3 }),
}

/** Until the channel to whoever started us is closed. */
const gone = new Promise<void>((resolve) => {
  process.once('disconnect', resolve)
})

const [mode, kind, count] = process.argv.slice(2)
const cryptoMode: CryptoMode = mode === '1' ? 1 : 2
const folder = mkdtempSync(join(tmpdir(), 'rms-bench-'))
try {
  const starts: StartTime[] = []
  for (let time = 0; time < Number(count); time++) {
    const options = optionsOf[kind as StartKind](folder, time)
    starts.push(
      await measured(async () => {
        const installation = await startInstallation({ mode: cryptoMode, ...options })
        await installation.close()
      }),
    )
  }
  const pairs = Math.max(2, Number(count))
  const { seconds, cpu } = await measured(async () => {
    for (let pair = 0; pair < pairs; pair++) await generateKeyPair(modes[cryptoMode].keyBits)
  })
  const times: StartTimes = { starts, keyPair: { seconds: seconds / pairs, cpu: cpu / pairs } }
  process.send?.(times, undefined, undefined, () => undefined)
  await gone
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function measured(work: () => Promise<void>): Promise<StartTime> {
  const [began, before] = [systemClock.monotonic(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(before)
  return { seconds: (systemClock.monotonic() - began) / 1000, cpu: (user + system) / 1000 }
}
