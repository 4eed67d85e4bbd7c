/**
 * What is done with a private key: RSASSA-PKCS1-v1_5 signatures and the opening of sealed session keys.
 *
 * The encoded block of a signature is made here; only the exponentiation has two engines. PKCS#1 v1.5 signatures are
 * deterministic, so both engines give the same bytes.
 */
import { tryWith, type EngineName, type Padding } from './engine.js'
import { forgeEngine } from './forge-engine.js'
import type { RsaPrivateKey, RsaPublicKey } from './keys.js'
import { hashes, type HashName } from './modes.js'
import { opensslEngine } from './openssl-engine.js'
import type { SigningThreads } from './signing-threads.js'

/** Where it is computed: by an engine on the thread that asks, or on threads beside it. */
export type SigningPlace = EngineName | SigningThreads

export interface Signer {
  readonly publicKey: RsaPublicKey
  readonly place: SigningPlace
  /**
   * @param digest the raw digest, of the length `hash` has
   * @returns the signature, big-endian, as long as the modulus
   */
  sign(digest: Buffer, hash: HashName): Promise<Buffer>
  /**
   * Opens one RSA block.
   * @param block big-endian, as long as the modulus
   * @throws DecryptionFailed whatever was wrong with it
   */
  decrypt(block: Buffer, padding: Padding): Promise<Buffer>
}

/** One message for every reason: which check failed must not be told. */
export class DecryptionFailed extends Error {
  override readonly name = 'DecryptionFailed'
  constructor() {
    super('The block could not be opened with this key')
  }
}

export function createSigner(place: SigningPlace, key: RsaPrivateKey): Signer {
  const compute = computeAt(place, key)
  const prefixes = { SHA1: blockPrefix(key.publicKey, 'SHA1'), SHA256: blockPrefix(key.publicKey, 'SHA256') }
  return {
    publicKey: key.publicKey,
    place,
    async sign(digest, hash) {
      const signature = await compute('exponentiate', Buffer.concat([prefixes[hash], digest]))
      if (signature === undefined) throw new Error('This private key cannot sign')
      return signature
    },
    async decrypt(block, padding) {
      const content = block.length === key.publicKey.bits / 8 ? await compute(padding, block) : undefined
      if (content === undefined) throw new DecryptionFailed()
      return content
    },
  }
}

function computeAt(place: SigningPlace, key: RsaPrivateKey): ReturnType<SigningThreads['engineOf']> {
  const name = typeof place === 'string' ? place : place.engine
  const engine = name === 'forge' ? forgeEngine(key.key) : opensslEngine(key.key)
  return typeof place === 'string'
    ? async (operation, block) => tryWith(engine, operation, block)
    : place.engineOf(key, engine)
}

/** DigestInfo up to the digest itself (RFC 8017, 9.2, note 1): constant for a hash. */
const digestInfos: Readonly<Record<HashName, Buffer>> = {
  SHA1: Buffer.from('3021300906052b0e03021a05000414', 'hex'),
  SHA256: Buffer.from('3031300d060960864801650304020105000420', 'hex'),
}

/** 00 01 FF … FF 00 and the DigestInfo: everything of the encoded block but the digest. */
export function blockPrefix(publicKey: RsaPublicKey, hash: HashName): Buffer {
  const info = digestInfos[hash]
  const filler = Buffer.alloc(publicKey.bits / 8 - info.length - hashes[hash].bytes - 3, 0xff)
  return Buffer.concat([Buffer.from([0, 1]), filler, Buffer.from([0]), info])
}
