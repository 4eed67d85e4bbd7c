import t from 'tap'
import { keyPool } from '../../src/crypto/key-pool.js'
import { generateKeyPair, type RsaPrivateKey } from '../../src/crypto/keys.js'
import { testClock } from '../fixtures/test-clock.js'

/** Makes pairs, and counts those it began. */
function maker() {
  const making: Promise<RsaPrivateKey>[] = []
  const make = (bits: number): Promise<RsaPrivateKey> => {
    const pair = generateKeyPair(bits)
    making.push(pair)
    return pair
  }
  return { make, made: () => making.length, ready: () => Promise.all(making) }
}

t.test(
  'a pool nobody takes from makes nothing, then half as many as were taken up to its size, and gives each pair once',
  async (t) => {
    const { make, made, ready } = maker()
    const timers = testClock()
    const pool = keyPool({ timers, size: 2, pause: 200, make })
    /** One pause without a request after the other, until it makes no more. */
    const leaveAlone = async (): Promise<void> => {
      while (timers.timers().length > 0) {
        await timers.advance(200)
        await ready()
        await timers.advance(0)
      }
    }
    await leaveAlone()
    t.equal(made(), 0)
    const first = [await pool.take(1024), await pool.take(1024)]
    await timers.advance(199)
    t.equal(made(), 2, 'requests come first')
    await leaveAlone()
    t.equal(made(), 3, 'one is in stock, as two were taken')
    const next = [await pool.take(1024), await pool.take(1024), await pool.take(1024)]
    t.equal(made(), 5)
    await leaveAlone()
    t.equal(made(), 7, 'two are in stock, and there is room for no more')
    const last = [await pool.take(1024), await pool.take(1024)]
    t.equal(made(), 7)
    const all = [...first, ...next, ...last]
    t.equal(new Set(all.map((pair) => pair.publicKey.modulus)).size, all.length)
    t.equal(all[0]?.publicKey.bits, 1024)
    t.equal((await pool.take(2048)).publicKey.bits, 2048, 'each length by itself')
    pool.close()
    t.same(timers.timers(), [], 'a closed pool makes no more')
  },
)

t.test('a request during the pause puts the making off', async (t) => {
  const { make, made } = maker()
  const timers = testClock()
  const pool = keyPool({ timers, pause: 200, make })
  await Promise.all([pool.take(1024), pool.take(1024)])
  await timers.advance(199)
  await pool.take(1024)
  await timers.advance(199)
  t.equal(made(), 3)
  await timers.advance(1)
  t.equal(made(), 4)
  pool.close()
})

t.test('what cannot be made is told to whoever takes it', async (t) => {
  const pool = keyPool({ timers: testClock(), make: () => Promise.reject(new Error('no primes')) })
  await t.rejects(pool.take(1024), /no primes/)
  pool.close()
})
