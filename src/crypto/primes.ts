/** Primes that follow from drawn bytes: the first one from a drawn number on. OpenSSL judges which numbers are primes; it chooses none. */
import { checkPrime } from 'node:crypto'
import type { Random } from '../effects.js'

/**
 * Two numbers of that length whose two highest bits are set, so that their product has twice the length. Both are drawn before either is looked for: they
 * do not hang on which of them is found first.
 * @param bits a multiple of 8
 */
export function drawPrimes(bits: number, random: Random): Promise<readonly [bigint, bigint]> {
  const [one, other] = [drawStart(bits, random), drawStart(bits, random)]
  return Promise.all([nextPrime(one, bits), nextPrime(other, bits)])
}

function drawStart(bits: number, random: Random): bigint {
  const drawn = BigInt(`0x${random.bytes(bits / 8).toString('hex')}`)
  return drawn | (3n << BigInt(bits - 2)) | 1n
}

/** Odd numbers that are sieved at a time: of 1024 bits, one of 355 is a prime. */
const window = 2048

async function nextPrime(start: bigint, bits: number): Promise<bigint> {
  const end = 1n << BigInt(bits)
  for (const offset of withoutSmallFactors(start)) {
    const candidate = start + BigInt(2 * offset)
    if (candidate < end && (await isPrime(candidate))) return candidate
  }
  const next = start + BigInt(2 * window)
  // Behind the highest number of that length it goes on from the lowest one.
  return nextPrime(next < end ? next : (3n << BigInt(bits - 2)) | 1n, bits)
}

/** Which of `start`, `start + 2`, `start + 4` … have no small prime in them, by their place. */
function withoutSmallFactors(start: bigint): readonly number[] {
  const isComposite = new Uint8Array(window)
  for (const prime of smallPrimes()) {
    const rest = Number(start % BigInt(prime))
    // The first place with rest + 2·place = 0 modulo the prime.
    let place = rest === 0 ? 0 : ((prime - rest) * ((prime + 1) / 2)) % prime
    for (; place < window; place += prime) isComposite[place] = 1
  }
  return Array.from(isComposite.keys()).filter((place) => isComposite[place] === 0)
}

/** Of two bytes at most, without 2: the sieve leaves a tenth of the odd numbers. */
const largestSmall = 8192
let known: readonly number[] | undefined

function smallPrimes(): readonly number[] {
  if (known !== undefined) return known
  const isComposite = new Uint8Array(largestSmall)
  const found: number[] = []
  for (let number = 3; number < largestSmall; number += 2) {
    if (isComposite[number] === 1) continue
    found.push(number)
    for (let multiple = number * number; multiple < largestSmall; multiple += 2 * number) isComposite[multiple] = 1
  }
  return (known = found)
}

function isPrime(candidate: bigint): Promise<boolean> {
  return new Promise((resolve, reject) => {
    checkPrime(candidate, (error, result) => (error ? reject(error) : resolve(result)))
  })
}
