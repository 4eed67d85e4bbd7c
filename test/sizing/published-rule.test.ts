/** The published planning rule, on the published examples. */
import t from 'tap'
import { averageRate, peakRate, serversByRule } from '../../src/sizing/published-rule.js'
import { publishedExamples, publishedRule } from '../../src/sizing/published-figures.js'

const { peakFactor, licensesPerSecondAndServer: perServer } = publishedRule

t.test('the three published examples come to 1, 3 and 32 servers, and to 6 and 51 with growth', async (t) => {
  const servers = publishedExamples.map((example) =>
    serversByRule(peakRate({ ...example, peakFactor, growth: 1 }), perServer),
  )
  t.same(servers, [1, 3, 32])
  t.same(
    servers,
    publishedExamples.map((example) => example.servers),
  )
  const grown = publishedExamples.flatMap(({ growth, ...example }) =>
    growth === undefined ? [] : [serversByRule(peakRate({ ...example, peakFactor, growth: growth.factor }), perServer)],
  )
  t.same(grown, [6, 51])
  t.same(
    grown,
    publishedExamples.flatMap(({ growth }) => growth?.servers ?? []),
  )
})

t.test('their rates are the published ones', async (t) => {
  const rates = publishedExamples.map((example) => {
    const demand = { ...example, peakFactor, growth: 1 }
    return [averageRate(demand), peakRate(demand)].map((rate) => Math.round(rate * 100) / 100)
  })
  t.same(rates, [
    [0.42, 1.25],
    [44.44, 133.33],
    [525, 1575],
  ])
})

t.test('a load of exactly so many servers needs no one more, and no load still needs one', async (t) => {
  t.equal(serversByRule(150, 50), 3)
  t.equal(serversByRule(0.1 * 3, 0.1), 3, 'also where the quotient is 3.0000000000000004')
  t.equal(serversByRule(150.01, 50), 4)
  t.equal(serversByRule(0, 50), 1)
})
