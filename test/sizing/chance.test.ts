import t from 'tap'
import { seededChance } from '../../src/sizing/chance.js'

t.test('the first numbers of neighboring seeds are as different as any others', async (t) => {
  const first = Array.from({ length: 1000 }, (_, seed) => seededChance(seed)())
  const mean = first.reduce((sum, number) => sum + number, 0) / first.length
  // Four standard deviations of the mean of a thousand.
  t.ok(Math.abs(mean - 0.5) < 0.037, `their mean is ${mean}`)
  for (const end of [0.1, 0.5, 0.9]) {
    const below = first.filter((number) => number < end).length / first.length
    t.ok(Math.abs(below - end) < 0.064, `${below} of them are below ${end}`)
  }
  t.equal(seededChance(7)(), seededChance(7)(), 'the same seed gives the same numbers')
})
