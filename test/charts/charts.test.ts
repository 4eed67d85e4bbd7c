/** Charts: well-formed SVG that stands alone, with everything it was given, whatever it was given. */
import t from 'tap'
import { barChart } from '../../src/charts/bar-chart.js'
import { number } from '../../src/charts/frame.js'
import { lineChart } from '../../src/charts/line-chart.js'
import { childrenNamed, readXml, type XmlElement } from '../../src/xml/read.js'
import { fc } from '../fixtures/property.js'

function all(tree: XmlElement, name: string): readonly XmlElement[] {
  return [...childrenNamed(tree, name), ...tree.children.flatMap((child) => all(child, name))]
}

t.test('a line chart has its title, axes, legend and lines, higher values higher up', async (t) => {
  const svg = readXml(
    lineChart({
      title: 'Answers & <refusals>',
      x: 'seconds',
      y: 'per second',
      lines: [
        {
          name: 'answered',
          points: [
            [0, 0],
            [5, 50],
            [10, 100],
          ],
          isFilled: true,
        },
        { name: 'measured', points: [[5, 40]], isDots: true },
      ],
    }),
  )
  const words = all(svg, 'text').map(({ text }) => text)
  for (const wanted of ['Answers & <refusals>', 'seconds', 'per second', 'answered', 'measured', '0', '10', '100'])
    t.ok(words.includes(wanted), wanted)
  const path = all(svg, 'path').find(({ attributes }) => attributes['fill'] === 'none')?.attributes['d'] ?? ''
  const corners = [...path.matchAll(/[ML](-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)])
  t.equal(corners.length, 3)
  t.ok(Number(corners[0]?.[1]) > Number(corners[2]?.[1]) && Number(corners[0]?.[0]) < Number(corners[2]?.[0]))
  t.equal(all(svg, 'circle').length, 2, 'a dot for the measurement, and one in the legend')
})

t.test('what is not finite leaves a gap, on a logarithmic axis too', async (t) => {
  const svg = lineChart({
    title: 'p95',
    x: 'load',
    y: 'ms',
    isLogarithmic: true,
    lines: [
      {
        name: 'p95',
        points: [
          [0, 1],
          [1, NaN],
          [2, 1000],
          [3, Infinity],
          [4, 10],
        ],
      },
    ],
  })
  t.notMatch(svg, /NaN|Infinity|undefined/)
})

t.test('bars have a name, parts and a note', async (t) => {
  const svg = readXml(
    barChart({
      title: 'Servers',
      x: 'answers',
      parts: [{ name: 'good' }, { name: 'refused' }],
      bars: [
        { name: 'root-1', values: [60, 20], note: '80' },
        { name: 'root-2', values: [30, 0] },
      ],
    }),
  )
  const [, , , second] = all(svg, 'rect').filter(({ attributes }) => attributes['x'] !== undefined)
  const widths = all(svg, 'rect')
    .filter(({ attributes }) => attributes['x'] !== undefined)
    .map(({ attributes }) => Number(attributes['width']))
  t.ok(Math.abs((widths[0] ?? 0) - 2 * (widths[2] ?? 0)) < 0.2 && second?.attributes['width'] === '0', widths.join())
  t.ok(all(svg, 'text').some(({ text }) => text === 'root-2'))
})

t.test('any data gives well-formed pictures without nonsense in them', async (t) => {
  const value = fc.oneof(fc.double({ min: 1e-9, max: 1e12 }), fc.nat(), fc.constantFrom(0, NaN, Infinity))
  const points = fc.array(fc.tuple(value, value), { maxLength: 20 })
  const property = fc.property(
    fc.string(),
    fc.array(fc.record({ name: fc.string(), points, isDots: fc.boolean(), isFilled: fc.boolean() }), { maxLength: 10 }),
    fc.boolean(),
    (title, lines, isLogarithmic) => {
      const svg = lineChart({ title, x: title, y: title, lines, isLogarithmic })
      readXml(svg)
      return !/="[^"]*(NaN|Infinity)/.test(svg.replaceAll(/<(title|text)[^>]*>[^<]*/g, ''))
    },
  )
  t.doesNotThrow(() => fc.assert(property))
  const amount = fc.double({ min: 0, max: 1e9, noNaN: true })
  const bars = fc.array(fc.record({ name: fc.string(), values: fc.tuple(amount, amount) }), { maxLength: 10 })
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        bars,
        (bars) => void readXml(barChart({ title: 'x', x: 'y', parts: [{ name: 'a' }, { name: 'b' }], bars })),
      ),
    ),
  )
})

t.test('numbers are as long as they need to be', async (t) => {
  t.same([0, 0.1234, 1.5, 12.34, 123.4, 1234.5, 1_234_567, -1234.5, 2, 100].map(number), [
    '0',
    '0.123',
    '1.5',
    '12.3',
    '123',
    '1,235',
    '1,234,567',
    '-1,235',
    '2',
    '100',
  ])
})
