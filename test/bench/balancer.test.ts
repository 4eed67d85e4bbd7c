import t from 'tap'
import { balancer } from '../../bench/balancer.bench.js'
import { cluster } from '../../bench/cluster.bench.js'
import { doorNames } from '../../bench/doors.js'
import { goalsOf } from '../../bench/goals.js'
import { quick, type Bench } from '../../bench/question.js'

const one: Bench = {
  size: { ...quick, modes: [1], users: 2, rounds: 1, secondsPerRound: 0.05, warmUpSeconds: 0.05 },
  progress: () => undefined,
  signal: new AbortController().signal,
}

t.test('balancer and cluster answer with what their goals need, and name what is not installed', async (t) => {
  const answers = [
    { name: 'balancer', about: '', rows: await balancer.ask(one) },
    { name: 'cluster', about: '', rows: await cluster.ask(one) },
  ]
  const names = answers[0]?.rows.map(({ what }) => what) ?? []
  for (const door of doorNames)
    t.ok(names.includes(`license: ${door}`) || names.includes(`${door}: not installed`), door)
  t.match(names, ['license: straight to one node', 'license: rms-emulator'])
  t.same(
    goalsOf(answers).map(({ what }) => what),
    [
      'balancer when licensing is the work',
      'balancer before nodes that answer at once',
      'p50 that the balancer adds, one connection',
      'CPU time of a license, two nodes against one, SQLite',
      'licenses per second, two nodes against one, SQLite',
      'CPU time of a license, two nodes against one, PostgreSQL',
      'licenses per second, two nodes against one, PostgreSQL',
    ],
  )
})
