import t from 'tap'
import { chartOf } from '../../bench/chart.js'
import type { Row } from '../../bench/question.js'
import { readXml } from '../../src/xml/read.js'

t.test('the chart of a question has a bar for each row, with median and spread', async (t) => {
  const spread = { lowest: 90, median: 100, highest: 120 }
  const row: Row = { what: 'license, <one> PL', mode: 2, engine: 'openssl', operations: 10, perSecond: spread, cpu: spread }
  const question = { name: 'issue', about: 'use licenses of one node', ask: async () => [] }
  const svg = chartOf(question, [row, { ...row, engine: 'forge' }])
  t.equal(readXml(svg).name, 'svg')
  for (const wanted of ['use licenses of one node', 'license, &lt;one&gt; PL, Mode 2, openssl', 'Mode 2, forge', '100/s (90–120)']) t.ok(svg.includes(wanted), wanted)
  readXml(chartOf(question, []))
})
