import t from 'tap'
import { chartNames, chartsOf } from '../../bench/chart.js'
import type { Row } from '../../bench/question.js'
import { readXml } from '../../src/xml/read.js'

t.test('the chart of a question has a bar for each row, with median and spread', async (t) => {
  const spread = { lowest: 90, median: 100, highest: 120 }
  const row: Row = {
    what: 'license, <one> PL',
    mode: 2,
    engine: 'openssl',
    operations: 10,
    perSecond: spread,
    cpu: spread,
  }
  const answered = {
    name: 'issue',
    about: 'use licenses of one node',
    rows: [row, { ...row, engine: 'forge' as const }],
  }
  const svg = chartsOf(answered).get('issue') ?? ''
  t.equal(readXml(svg).name, 'svg')
  for (const wanted of [
    'use licenses of one node',
    'license, &lt;one&gt; PL, Mode 2, openssl',
    'Mode 2, forge',
    '100/s (90–120)',
  ])
    t.ok(svg.includes(wanted), wanted)
  readXml(chartsOf({ ...answered, rows: [] }).get('issue') ?? '')
})

t.test('a question with curves has a line chart for each of them', async (t) => {
  const point = (curve: string, line: string, x: number, median: number): Row => ({
    what: line,
    cpu: { lowest: median, median, highest: median },
    point: { curve, of: `${curve} in the PL`, x, line },
  })
  const rows = [
    point('principals', 'known', 1, 0.5),
    point('principals', 'known', 1000, 2),
    point('principals', 'new', 1, 1),
    point('size', 'known', 30, 1),
  ]
  const answered = { name: 'growth', about: 'how it grows', rows }
  const charts = chartsOf(answered)
  t.same([...charts.keys()], ['growth-principals', 'growth-size'])
  t.same([...charts.keys()], chartNames(answered))
  const svg = charts.get('growth-principals') ?? ''
  readXml(svg)
  for (const wanted of ['principals in the PL', '>known<', '>new<', '>1,000<']) t.ok(svg.includes(wanted), wanted)
  const wide =
    chartsOf({ ...answered, rows: [point('log', 'known', 0, 1), point('log', 'known', 1_000_000, 1)] }).get(
      'growth-log',
    ) ?? ''
  t.match(wide, />100,000</, 'over many powers of ten')
  t.notMatch(wide, />200,000</, 'only they are labelled')
  t.equal(svg.split('<path').length, 2, 'one line of two points; the other is a single dot')
})
