import t from 'tap'
import { chooseNext } from '../../src/balancer/round-robin.js'
import { fc } from '../fixtures/property.js'

const lists = fc.array(fc.boolean(), { maxLength: 20 })

t.test('every usable member is chosen once before any is chosen again, from any cursor', async () => {
  fc.assert(
    fc.property(lists, fc.nat(100), (usable, start) => {
      const members = usable.map((_, index) => index)
      const count = usable.filter(Boolean).length
      let cursor = start
      const chosen: number[] = []
      for (let turn = 0; turn < 3 * count; turn++) {
        const choice = chooseNext(members, (member) => usable[member] === true, cursor)
        if (choice === undefined) return false
        chosen.push(choice.member)
        cursor = choice.cursor
      }
      const rounds = [chosen.slice(0, count), chosen.slice(count, 2 * count), chosen.slice(2 * count)]
      return rounds.every((round) => new Set(round).size === count && round.every((member) => usable[member]))
    }),
  )
})

t.test('counts differ by one at most after any number of choices', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(500), (size, turns) => {
      const counts = Array.from({ length: size }, () => 0)
      let cursor = 0
      for (let turn = 0; turn < turns; turn++) {
        const choice = chooseNext([...counts.keys()], () => true, cursor)
        if (choice === undefined) return false
        counts[choice.member] = (counts[choice.member] ?? 0) + 1
        cursor = choice.cursor
      }
      return Math.max(...counts) - Math.min(...counts) <= 1
    }),
  )
})

t.test('there is no choice exactly when nothing is usable', async () => {
  fc.assert(
    fc.property(lists, fc.nat(), (usable, cursor) => {
      const choice = chooseNext(usable, (member) => member, cursor)
      return (choice === undefined) === !usable.includes(true)
    }),
  )
})
