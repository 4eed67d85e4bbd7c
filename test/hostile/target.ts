/** The attacked node, in a process of its own (forked by run.ts): its database is a file, so that what it stores is not counted as memory. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { serverEndpoints } from '../../src/cluster/configuration.js'
import { pause, systemTimers } from '../../src/effects.js'
import { startNode } from '../../src/node/start.js'

export interface Memory {
  readonly rss: number
  readonly heap: number
}

export type FromTarget =
  | { readonly kind: 'ready'; readonly baseUrl: string }
  | {
      readonly kind: 'memory'
      readonly memory: Memory
      readonly unexpected: number
      readonly samples: readonly string[]
    }

/** As after installation, but that sub-enrollment is open to servers: it is attacked too. */
const attackedLists = Object.fromEntries(serverEndpoints.map((endpoint) => [endpoint, ['CONTOSO\\RMS Service Group']]))

const folder = mkdtempSync(join(tmpdir(), 'rms-hostile-'))
let unexpected = 0
const samples: string[] = []
const log = pino(
  { level: 'error' },
  {
    write: (line: string) => {
      unexpected++
      if (samples.length < 10) samples.push(line.slice(0, 2000))
    },
  },
)
const node = await startNode({ database: join(folder, 'rms.db'), log, settings: { admittedGroups: attackedLists } })
const tell = (message: FromTarget): void => void process.send?.(message)

process.on('message', (message) => {
  if (message === 'memory') void tellMemory()
  else void stop()
})
process.once('disconnect', () => void stop())
tell({ kind: 'ready', baseUrl: node.baseUrl })

/** After several collections with turns between them: what is left is held by somebody. */
async function tellMemory(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    globalThis.gc?.()
    await pause(systemTimers, 50)
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  tell({ kind: 'memory', memory: { rss, heap: heapUsed + external }, unexpected, samples })
}

async function stop(): Promise<void> {
  await node.close()
  rmSync(folder, { recursive: true, force: true })
  process.exit(0)
}
