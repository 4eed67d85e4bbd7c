/** What is verified, and when measured and predicted agree. */
import t from 'tap'
import { compared, verifyPlan } from '../../src/sizing/verify-plan.js'

const server = { operationsPerSecond: 50, serviceDistribution: 'fixed', queueLimit: 1000 } as const

t.test('everything is slowed down by the same factor, so that the load on each server stays', async (t) => {
  const plan = verifyPlan(400 / 3, server, undefined)
  t.ok(plan.rate <= 8 && plan.scale === Math.ceil(400 / 3 / 8))
  t.ok(Math.abs(plan.rate / plan.server.operationsPerSecond - 400 / 3 / 50) < 1e-9)
  t.match(verifyPlan(4, server, undefined), { scale: 1, rate: 4, server })
  t.match(verifyPlan(100, server, 4), { scale: 4, rate: 25, server: { operationsPerSecond: 12.5 } })
})

t.test('measured and predicted agree within what is allowed, or within what chance does', async (t) => {
  t.match(compared([100], 109, 0.1), { predicted: 100, isWithin: true, byChance: undefined })
  t.match(compared([100], 111, 0.1), { isWithin: false })
  t.match(compared([100], 89, 0.1), { isWithin: false })
  const runs = Array.from({ length: 41 }, (_, index) => 60 + 2 * index)
  t.match(compared(runs, 130, 0.1), { predicted: 100, isWithin: true, byChance: [64, 136] })
  t.match(compared(runs, 139, 0.1), { isWithin: false })
})
