import { EventEmitter, once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { keyPool } from '../../src/crypto/key-pool.js'
import { generateKeyPair, type RsaPrivateKey } from '../../src/crypto/keys.js'

/** Tells of each pair when the pool has it: the event is its number. */
function maker() {
  const had = new EventEmitter()
  let made = 0
  const make = async (bits: number): Promise<RsaPrivateKey> => {
    const number = ++made
    const pair = await generateKeyPair(bits)
    setImmediate(() => had.emit(String(number)))
    return pair
  }
  return { make, had, made: () => made }
}

t.test(
  'a pool nobody takes from makes nothing, then half as many as were taken up to its size, and gives each pair once',
  async (t) => {
    // The pool's own timer does not keep a process alive.
    const alive = setInterval(() => undefined, 1000)
    t.teardown(() => clearInterval(alive))
    const { make, had, made } = maker()
    const [third, seventh] = [once(had, '3'), once(had, '7')]
    const pool = keyPool({ size: 2, pause: 1, make })
    t.equal(made(), 0)
    const first = [await pool.take(1024), await pool.take(1024)]
    await third
    await pause(50)
    t.equal(made(), 3, 'one is in stock, as two were taken')
    const next = [await pool.take(1024), await pool.take(1024), await pool.take(1024)]
    await seventh
    await pause(50)
    t.equal(made(), 7, 'two are in stock, and there is room for no more')
    const last = [await pool.take(1024), await pool.take(1024)]
    t.equal(made(), 7)
    const all = [...first, ...next, ...last]
    t.equal(new Set(all.map((pair) => pair.publicKey.modulus)).size, all.length)
    t.equal(all[0]?.publicKey.bits, 1024)
    t.equal((await pool.take(2048)).publicKey.bits, 2048, 'each length by itself')
    pool.close()
  },
)

t.test('what cannot be made is told to whoever takes it', async (t) => {
  const pool = keyPool({ pause: 1, make: () => Promise.reject(new Error('no primes')) })
  await t.rejects(pool.take(1024), /no primes/)
  pool.close()
})
