/** A few of the kills with every test run, on both databases; `kills.js` has as many as are wanted. */
import t from 'tap'
import { runCampaign } from './kill-campaign.js'

t.setTimeout(900_000)

for (const [database, times] of [
  ['sqlite', 3],
  ['postgres', 2],
] as const) {
  t.test(
    `${database}: whatever is killed while a cluster is made, joined or enrolled, what is there is whole, and the next try serves`,
    async (t) => {
      const results = await runCampaign({ database, times, seed: 2026 })
      t.equal(results.length, times)
      for (const { index, work, phase, problem } of results) t.equal(problem, undefined, `${index}: ${work}, ${phase}`)
    },
  )
}
