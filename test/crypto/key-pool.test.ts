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

t.test('a pool nobody takes from makes nothing, then as many as were taken up to its size, and gives each pair once', async (t) => {
  // The pool's own timer does not keep a process alive.
  const alive = setInterval(() => undefined, 1000)
  t.teardown(() => clearInterval(alive))
  const { make, had, made } = maker()
  const [second, fifth] = [once(had, '2'), once(had, '5')]
  const pool = keyPool({ size: 2, pause: 1, make })
  t.equal(made(), 0)
  const first = await pool.take(1024)
  await second
  await pause(50)
  t.equal(made(), 2, 'one is in stock, as one was taken')
  const next = [await pool.take(1024), await pool.take(1024)]
  await fifth
  await pause(50)
  t.equal(made(), 5, 'two are in stock, though three were taken')
  const last = [await pool.take(1024), await pool.take(1024)]
  t.equal(made(), 5)
  t.equal(new Set([first, ...next, ...last].map((pair) => pair.publicKey.modulus)).size, 5)
  t.equal(first.publicKey.bits, 1024)
  t.equal((await pool.take(2048)).publicKey.bits, 2048, 'each length by itself')
  pool.close()
})

t.test('what cannot be made is told to whoever takes it', async (t) => {
  const pool = keyPool({ pause: 1, make: () => Promise.reject(new Error('no primes')) })
  await t.rejects(pool.take(1024), /no primes/)
  pool.close()
})
