/** A short version of attack.ts in every test run. */
import t from 'tap'
import { runAttacks } from './attack-run.js'

// On a busy machine this takes longer than the 30 s that tap gives a file run by itself
t.setTimeout(900_000)

for (const scheme of ['http', 'https'])
  t.test(`whatever clients do, no other client's request fails and no node is marked down: ${scheme}`, async (t) => {
    const result = await runAttacks({
      isTls: scheme === 'https',
      seconds: 1,
      leastAttacks: 10,
      rate: 10,
      seed: 7,
      onProgress: () => undefined,
    })
    const { failed, failures, markedDown, reasons, good, attacks } = result
    t.same({ failed, failures }, { failed: 0, failures: [] })
    t.same({ markedDown, reasons }, { markedDown: 0, reasons: [] })
    t.ok(good > 10, `${good} good requests`)
    t.equal(Object.keys(attacks).length, 8, 'each way')
  })
