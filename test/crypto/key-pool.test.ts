import { EventEmitter, once } from 'node:events'
import t from 'tap'
import { keyPool } from '../../src/crypto/key-pool.js'
import { generateKeyPair, type RsaPrivateKey } from '../../src/crypto/keys.js'

/** Tells of each pair that is begun: the event is its number. */
function maker() {
  const begun = new EventEmitter()
  let made = 0
  const make = async (bits: number): Promise<RsaPrivateKey> => {
    begun.emit(String(++made))
    return generateKeyPair(bits)
  }
  return { make, begun, made: () => made }
}

t.test('a pool nobody takes from makes nothing, then it fills to its size, and gives each pair once', async (t) => {
  // The pool's own timer does not keep a process alive.
  const alive = setInterval(() => undefined, 1000)
  t.teardown(() => clearInterval(alive))
  const { make, begun, made } = maker()
  const third = once(begun, '3')
  const pool = keyPool({ size: 2, pause: 1, make })
  t.equal(made(), 0)
  const first = await pool.take(1024)
  await third
  const rest = [await pool.take(1024), await pool.take(1024)]
  t.equal(new Set([first, ...rest].map((pair) => pair.publicKey.modulus)).size, 3)
  t.equal(first.publicKey.bits, 1024)
  t.equal((await pool.take(2048)).publicKey.bits, 2048, 'each length by itself')
  pool.close()
})

t.test('what cannot be made is told to whoever takes it', async (t) => {
  const pool = keyPool({ pause: 1, make: () => Promise.reject(new Error('no primes')) })
  await t.rejects(pool.take(1024), /no primes/)
  pool.close()
})
