/** What a node and a balancer are to reach, and whether they did in this run. */
import type { CryptoMode } from '../src/crypto/modes.js'
import type { Answered, Row } from './question.js'
import { rounded } from './rounded.js'

export interface Goal {
  readonly what: string
  readonly wanted: string
  readonly measured: string
  /** Undefined where this machine cannot tell. */
  readonly isReached?: boolean | undefined
}

/** Percentage of the raw signatures per second, the clock's time. */
const rawShares: readonly {
  readonly mode: CryptoMode
  readonly key: string
  readonly what: string
  readonly percent: number
}[] = [
  { mode: 2, key: 'one PL', what: 'licenses of one PL, Mode 2', percent: 75 },
  { mode: 2, key: 'distinct PLs', what: 'licenses of another PL each time, Mode 2', percent: 37.5 },
  { mode: 1, key: 'one PL', what: 'licenses of one PL, Mode 1', percent: 40 },
]

export const databaseNames = ['SQLite', 'PostgreSQL'] as const
export type DatabaseName = (typeof databaseNames)[number]

const mostMemory = 150
const mostSpread = 4
const leastOfNginx = [
  { key: 'licenses', what: 'balancer when licensing is the work', percent: 90 },
  { key: 'stub', what: 'balancer before nodes that answer at once', percent: 60 },
]
const mostAdded = 0.5
const mostMoreCpu = 5
const leastScale = 1.9
const mostForJournal = { percent: 3, mebibytes: 32 }

/** Those of which something was measured; nothing for a question that was not asked. */
export function goalsOf(answers: readonly Answered[]): readonly Goal[] {
  const rowsOf = (question: string): readonly Row[] => answers.find(({ name }) => name === question)?.rows ?? []
  return [
    ...nodeGoals(rowsOf('issue')),
    ...balancerGoals(rowsOf('balancer')),
    ...databaseNames.flatMap((database) => clusterGoals(rowsOf('cluster'), database)),
    ...rowsOf('lab').flatMap(labGoals),
  ]
}

function nodeGoals(rows: readonly Row[]): readonly Goal[] {
  const own = rows.filter(({ engine }) => engine === 'openssl')
  const shares = rawShares.flatMap(({ mode, key, what, percent }) => {
    const row = own.find((one) => one.mode === mode && one.key === key)
    if (row?.rateShare === undefined) return []
    const measured = `${rounded(row.rateShare)} % (${rounded(row.share)} % by CPU time)`
    return [{ what, wanted: `≥ ${percent} % of raw sign`, measured, isReached: row.rateShare >= percent }]
  })
  const memory = Math.max(...own.flatMap(({ rss }) => rss ?? []))
  const spreads = own.flatMap(({ p50, p99 }) => (p50 === undefined || p99 === undefined ? [] : [p99 / p50]))
  const spread = Math.max(...spreads)
  return [
    ...shares,
    ...(Number.isFinite(memory)
      ? [
          {
            what: 'memory of a node under full load, highest',
            wanted: `< ${mostMemory} MB`,
            measured: `${rounded((memory * 1024 * 1024) / 1e6)} MB`,
            isReached: memory * 1024 * 1024 < mostMemory * 1e6,
          },
        ]
      : []),
    ...(spreads.length > 0
      ? [
          {
            what: 'p99 under full load, highest',
            wanted: `< ${mostSpread} × p50`,
            measured: `${rounded(spread)} × p50`,
            isReached: spread < mostSpread,
          },
        ]
      : []),
  ]
}

function balancerGoals(rows: readonly Row[]): readonly Goal[] {
  const own = (key: string): Row | undefined => rows.find((row) => row.key === key)
  const shares = leastOfNginx.flatMap(({ key, what, percent }) => {
    const row = own(key)
    if (row === undefined) return []
    const { ofNginx } = row
    const measured = ofNginx === undefined ? 'nginx is not installed' : `${rounded(ofNginx)} %`
    return [
      {
        what,
        wanted: `≥ ${percent} % of nginx`,
        measured,
        isReached: ofNginx === undefined ? undefined : ofNginx >= percent,
      },
    ]
  })
  const added = own('added')?.addedP50
  return [
    ...shares,
    ...(added === undefined
      ? []
      : [
          {
            what: 'p50 that the balancer adds, one connection',
            wanted: `< ${mostAdded} ms`,
            measured: `${rounded(added)} ms`,
            isReached: added < mostAdded,
          },
        ]),
  ]
}

function clusterGoals(rows: readonly Row[], database: DatabaseName): readonly Goal[] {
  const [one, two] = ['one node', 'two nodes'].map((nodes) => rows.find(({ key }) => key === `${nodes}, ${database}`))
  if (one?.cpu === undefined || two?.cpu === undefined || one.perSecond === undefined || two.perSecond === undefined)
    return []
  const more = 100 * (two.cpu.median / one.cpu.median - 1)
  const scale = two.perSecond.median / one.perSecond.median
  const isTold = two.ownCores === true
  return [
    {
      what: `CPU time of a license, two nodes against one, ${database}`,
      wanted: `≤ ${mostMoreCpu} % more`,
      measured: `${rounded(Math.abs(more))} % ${more < 0 ? 'less' : 'more'} (${rounded(one.cpu.median)} and ${rounded(two.cpu.median)} ms)`,
      isReached: more <= mostMoreCpu,
    },
    {
      what: `licenses per second, two nodes against one, ${database}`,
      wanted: `≥ ${leastScale} ×`,
      measured: `${rounded(scale)} ×${isTold ? '' : ': it takes 4 cores'}`,
      isReached: isTold ? scale >= leastScale : undefined,
    },
  ]
}

/** Of the journal, which is on by default. */
function labGoals({ key, mode, moreCpu, moreCpuLeast, moreRss }: Row): readonly Goal[] {
  if (key !== 'lab with journal' || moreCpu === undefined || moreCpuLeast === undefined || moreRss === undefined)
    return []
  const { percent, mebibytes } = mostForJournal
  return [
    {
      what: `CPU time of a license with the journal, Mode ${mode ?? ''}`,
      wanted: `≤ ${percent} % more`,
      measured: `${moreCpuLeast.toFixed(1)} % more where least disturbed (half of all rounds ${moreCpu.lowest.toFixed(1)} to ${moreCpu.highest.toFixed(1)})`,
      isReached: moreCpuLeast <= percent,
    },
    {
      what: `memory with the journal, Mode ${mode ?? ''}`,
      wanted: `≤ ${mebibytes} MiB more`,
      measured: `${rounded(moreRss)} MiB more`,
      isReached: moreRss <= mebibytes,
    },
  ]
}
