/** RSA keys: made by node-forge, named by their modulus as XrML writes it. */
import { createPrivateKey, createPublicKey, generatePrime, type KeyObject } from 'node:crypto'
import type { Random } from '../effects.js'
import { recentMap } from '../recent.js'
import { nodeForge, type Forge } from './node-forge.js'
import { drawPrimes } from './primes.js'
import { keystream, streamKeyLength } from './seeded-random.js'

export interface RsaPublicKey {
  /** Base64 of the little-endian modulus, full length, as PUBLICKEY carries it. Two keys are equal when these are. */
  readonly modulus: string
  readonly bits: number
  readonly key: KeyObject
}

export interface RsaPrivateKey {
  readonly publicKey: RsaPublicKey
  readonly key: KeyObject
}

/** The only public exponent RMS uses ([MS-RMPR] 2.2.9.1.6). */
export const publicExponent = 65537

/**
 * A new key pair: node-forge puts it together from two primes that OpenSSL finds, each on a thread. A pair that OpenSSL
 * makes by itself takes almost three times as long, for conditions on the primes (FIPS 186-4, B.3.6) that nobody here
 * asks for.
 * @param bits an even number
 * @param random what the pair is to follow from; OpenSSL's own chance when left out, or when it cannot be repeated
 */
export function generateKeyPair(bits: number, random?: Random): Promise<RsaPrivateKey> {
  return random?.isRepeatable === true ? repeatedPair(bits, random.bytes(streamKeyLength)) : putTogether(bits)
}

/** From the same key of a stream the same pair is made: in a process that begins again from its seed, it is made once. */
function repeatedPair(bits: number, streamKey: Buffer): Promise<RsaPrivateKey> {
  const name = `${bits} ${streamKey.toString('base64')}`
  const known = repeatedPairs.get(name)
  return known === undefined ? oncePutTogether(name, bits, streamKey) : Promise.resolve(known)
}

/** Whoever wants it meanwhile waits for the same. What fails is tried again by the next one. */
function oncePutTogether(name: string, bits: number, streamKey: Buffer): Promise<RsaPrivateKey> {
  const begun = pairsUnderWay.get(name)
  if (begun !== undefined) return begun
  const pair = putTogether(bits, keystream(streamKey))
    .then((made) => {
      repeatedPairs.set(name, made)
      return made
    })
    .finally(() => pairsUnderWay.delete(name))
  pairsUnderWay.set(name, pair)
  return pair
}

const pairsUnderWay = new Map<string, Promise<RsaPrivateKey>>()
const repeatedPairs = recentMap<string, RsaPrivateKey>(500)

async function putTogether(bits: number, random?: Random): Promise<RsaPrivateKey> {
  const { jsbn, pki } = nodeForge()
  const one = jsbn.BigInteger.ONE
  const half = bits / 2
  const found =
    random === undefined ? await Promise.all([findPrime(half), findPrime(half)]) : await drawPrimes(half, random)
  const primes = [bigInteger(found[0]), bigInteger(found[1])] as const
  const [p, q] = primes[0].compareTo(primes[1]) > 0 ? primes : [primes[1], primes[0]]
  const [p1, q1] = [p.subtract(one), q.subtract(one)]
  const [n, e, phi] = [p.multiply(q), bigInteger(publicExponent), p1.multiply(q1)]
  // e is a prime: it has an inverse modulo phi unless it divides phi
  if (p.equals(q) || n.bitLength() !== bits || phi.mod(e).equals(jsbn.BigInteger.ZERO)) return putTogether(bits, random)
  const d = inverseOfSmall(e, phi)
  const pair = pki.setRsaPrivateKey(n, e, d, p, q, d.mod(p1), d.mod(q1), q.modInverse(p))
  return privateKeyFromPem(pki.privateKeyInfoToPem(pki.wrapRsaPrivateKey(pki.privateKeyToAsn1(pair))))
}

/** The d with e·d = phi·k + 1: k is found modulo e, with small numbers, where d itself takes node-forge a tenth of the key pair's time. */
function inverseOfSmall(e: Forge.jsbn.BigInteger, phi: Forge.jsbn.BigInteger): Forge.jsbn.BigInteger {
  const k = e.subtract(phi.mod(e)).modInverse(e)
  return phi.multiply(k).add(nodeForge().jsbn.BigInteger.ONE).divide(e)
}

/** A number of that length whose two highest bits are set, so that the product of two has twice the length. */
function findPrime(bits: number): Promise<bigint> {
  return new Promise((resolve, reject) => {
    generatePrime(bits, { bigint: true }, (error, prime) => (error ? reject(error) : resolve(prime)))
  })
}

function bigInteger(number: bigint | number): Forge.jsbn.BigInteger {
  return new (nodeForge().jsbn.BigInteger)(number.toString(16), 16)
}

/**
 * @param pem PKCS#8
 * @throws when it is not an RSA private key
 */
export function privateKeyFromPem(pem: string): RsaPrivateKey {
  return privateKeyFromKeyObject(createPrivateKey(pem))
}

export function privateKeyFromKeyObject(key: KeyObject): RsaPrivateKey {
  const modulus = Buffer.from(String(key.export({ format: 'jwk' }).n), 'base64url')
  return { key, publicKey: publicKeyFromModulus(modulus.reverse().toString('base64')) }
}

/** PKCS#8 PEM. */
export function privateKeyToPem(key: RsaPrivateKey): string {
  return key.key.export({ format: 'pem', type: 'pkcs8' }).toString()
}

/**
 * @param modulus base64 of the little-endian modulus
 * @throws RangeError when it is not the modulus of an RSA key of 512 to 4096 bits
 */
export function publicKeyFromModulus(modulus: string): RsaPublicKey {
  const known = knownKeys.get(modulus)
  if (known !== undefined) return known
  const made = makePublicKey(modulus)
  knownKeys.set(modulus, made)
  return made
}

/** The same few keys come with every request, and OpenSSL takes longer to make one than to use it. */
const knownKeys = recentMap<string, RsaPublicKey>(2000)

function makePublicKey(modulus: string): RsaPublicKey {
  const octets = Buffer.from(modulus, 'base64').reverse()
  if (octets.length < 64 || octets.length > 512 || octets[0] === 0 || ((octets.at(-1) ?? 0) & 1) === 0) {
    throw new RangeError(`This is not the modulus of an RSA key: ${octets.length} bytes`)
  }
  const key = createPublicKey({ format: 'jwk', key: { kty: 'RSA', n: octets.toString('base64url'), e: 'AQAB' } })
  return { modulus, bits: octets.length * 8, key }
}

/** Base64 of the PKCS#1 RSAPublicKey (DER, big-endian), an identifier in template distribution ([MS-RMPR] 3.4.4.2.3.1). */
export function publicKeyToPkcs1(key: RsaPublicKey): string {
  return key.key.export({ format: 'der', type: 'pkcs1' }).toString('base64')
}

/**
 * The inverse of `publicKeyToPkcs1`.
 * @param pkcs1 DER
 * @throws RangeError when it is not an RSA public key with the exponent RMS uses
 */
export function publicKeyFromPkcs1(pkcs1: Buffer): RsaPublicKey {
  let jwk
  try {
    jwk = createPublicKey({ key: pkcs1, format: 'der', type: 'pkcs1' }).export({ format: 'jwk' })
  } catch {
    throw new RangeError('This is not a PKCS#1 RSA public key')
  }
  if (jwk.e !== 'AQAB') throw new RangeError(`The public exponent must be ${publicExponent}`)
  return publicKeyFromModulus(Buffer.from(String(jwk.n), 'base64url').reverse().toString('base64'))
}
