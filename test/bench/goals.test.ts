import t from 'tap'
import { goalsOf } from '../../bench/goals.js'
import type { Row } from '../../bench/question.js'

const spread = (median: number) => ({ lowest: median, median, highest: median })

const license: Row = {
  key: 'one PL',
  what: 'license',
  mode: 2,
  engine: 'openssl',
  p50: 5,
  p99: 19,
  rss: 130,
  share: 60,
  rateShare: 50,
}
const answer = (name: string, ...rows: readonly Row[]) => ({ name, about: name, rows })
const reached = (...answers: Parameters<typeof goalsOf>[0]) =>
  goalsOf(answers).map(({ what, measured, isReached }) => [what, measured, isReached])

t.test('a question that was not asked has no goals', async (t) => {
  t.same(goalsOf([]), [])
  t.same(goalsOf([answer('sign', { what: 'raw sign', perSecond: spread(3000) })]), [])
})

t.test('licenses per second are held against raw signatures of the same mode', async (t) => {
  const rows = [
    license,
    { ...license, key: 'distinct PLs', rateShare: 38, p99: 21, rss: 151 },
    { ...license, mode: 1 as const, rateShare: 40 },
    { ...license, engine: 'forge' as const, rss: 900 },
  ]
  t.same(reached(answer('issue', ...rows)), [
    ['licenses of one PL, Mode 2', '50.0 % (60.0 % by CPU time)', false],
    ['licenses of another PL each time, Mode 2', '38.0 % (60.0 % by CPU time)', true],
    ['licenses of one PL, Mode 1', '40.0 % (60.0 % by CPU time)', true],
    ['memory of a node under full load, highest', '158 MB', false],
    ['p99 under full load, highest', '4.20 × p50', false],
  ])
})

t.test('without nginx the share of it cannot be told', async (t) => {
  const rows = [
    { key: 'licenses', what: 'ours', ofNginx: 91 },
    { key: 'stub', what: 'ours' },
    { key: 'added', what: 'ours', addedP50: 0.4 },
  ]
  t.same(reached(answer('balancer', ...rows)), [
    ['balancer when licensing is the work', '91.0 %', true],
    ['balancer before nodes that answer at once', 'nginx is not installed', undefined],
    ['p50 that the balancer adds, one connection', '0.40 ms', true],
  ])
})

t.test('two nodes are held against one; throughput only where each has a core', async (t) => {
  const rows = (ownCores: boolean) => [
    { key: 'one node, SQLite', what: 'one', cpu: spread(0.5), perSecond: spread(1000) },
    { key: 'two nodes, SQLite', what: 'two', cpu: spread(0.53), perSecond: spread(1950), ownCores },
  ]
  t.same(reached(answer('cluster', ...rows(false))), [
    ['CPU time of a license, two nodes against one, SQLite', '6.00 % more (0.50 and 0.53 ms)', false],
    ['licenses per second, two nodes against one, SQLite', '1.95 ×: it takes 4 cores', undefined],
  ])
  t.same(reached(answer('cluster', ...rows(true)))[1], [
    'licenses per second, two nodes against one, SQLite',
    '1.95 ×',
    true,
  ])
})

t.test('the journal is held against a node without a lab', async (t) => {
  const journal = { key: 'lab with journal', what: 'lab with journal', mode: 2 as const }
  const moreCpu = { lowest: -1.25, median: 30, highest: 5.5 }
  const rows = [
    { key: '--no-lab', what: '--no-lab', mode: 2 as const },
    { key: 'lab, no journal', what: 'lab, no journal', mode: 2 as const, moreCpu: spread(40), moreRss: 90 },
    { ...journal, moreCpu, moreCpuLeast: 3, moreRss: 31.6 },
    { ...journal, mode: 1 as const, moreCpu: spread(2), moreCpuLeast: 3.1, moreRss: 32.1 },
  ]
  t.same(reached(answer('lab', ...rows)), [
    [
      'CPU time of a license with the journal, Mode 2',
      '3.0 % more where least disturbed (half of all rounds -1.3 to 5.5)',
      true,
    ],
    ['memory with the journal, Mode 2', '31.6 MiB more', true],
    [
      'CPU time of a license with the journal, Mode 1',
      '3.1 % more where least disturbed (half of all rounds 2.0 to 2.0)',
      false,
    ],
    ['memory with the journal, Mode 1', '32.1 MiB more', false],
  ])
})
