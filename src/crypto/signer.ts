/**
 * What is done with a private key: RSASSA-PKCS1-v1_5 signatures and the opening of sealed session keys.
 *
 * node-forge makes the encoded block of a signature; only the exponentiation has two engines. PKCS#1 v1.5 signatures are
 * deterministic, so both engines give the same bytes.
 */
import { constants, privateDecrypt, privateEncrypt } from 'node:crypto'
import forge from 'node-forge'
import { privateKeyToPem, type RsaPrivateKey, type RsaPublicKey } from './keys.js'
import { hashes, type HashName } from './modes.js'

export type EngineName = 'openssl' | 'forge'
export type Padding = 'PKCS1' | 'OAEP'

export interface Signer {
  readonly publicKey: RsaPublicKey
  readonly engine: EngineName
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

interface Engine {
  exponentiate(block: Buffer): Buffer
  decrypt(block: Buffer, padding: Padding): Buffer
}

export function createSigner(engineName: EngineName, key: RsaPrivateKey): Signer {
  const engine = engineName === 'forge' ? forgeEngine(key) : opensslEngine(key)
  const prefixes = { SHA1: blockPrefix(key.publicKey, 'SHA1'), SHA256: blockPrefix(key.publicKey, 'SHA256') }
  return {
    publicKey: key.publicKey,
    engine: engineName,
    async sign(digest, hash) {
      return engine.exponentiate(Buffer.concat([prefixes[hash], digest]))
    },
    async decrypt(block, padding) {
      if (block.length !== key.publicKey.bits / 8) throw new DecryptionFailed()
      try {
        return engine.decrypt(block, padding)
      } catch {
        throw new DecryptionFailed()
      }
    },
  }
}

/** DigestInfo up to the digest itself (RFC 8017, 9.2), written by node-forge: constant for a hash. */
const digestInfos: Readonly<Record<HashName, Buffer>> = { SHA1: digestInfo('SHA1'), SHA256: digestInfo('SHA256') }

function digestInfo(hash: HashName): Buffer {
  const { bytes, openssl } = hashes[hash]
  const { asn1 } = forge
  const algorithm = asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, [
    asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OID, false, asn1.oidToDer(String(forge.pki.oids[openssl])).getBytes()),
    asn1.create(asn1.Class.UNIVERSAL, asn1.Type.NULL, false, ''),
  ])
  const info = asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, [
    algorithm,
    asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OCTETSTRING, false, '\0'.repeat(bytes)),
  ])
  return Buffer.from(asn1.toDer(info).getBytes(), 'binary').subarray(0, -bytes)
}

/** 00 01 FF … FF 00 and the DigestInfo: everything of the encoded block but the digest. */
export function blockPrefix(publicKey: RsaPublicKey, hash: HashName): Buffer {
  const info = digestInfos[hash]
  const filler = Buffer.alloc(publicKey.bits / 8 - info.length - hashes[hash].bytes - 3, 0xff)
  return Buffer.concat([Buffer.from([0, 1]), filler, Buffer.from([0]), info])
}

function opensslEngine({ key }: RsaPrivateKey): Engine {
  const oaep = { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }
  const raw = { key, padding: constants.RSA_NO_PADDING }
  return {
    exponentiate: (block) => privateEncrypt(raw, block),
    // Node 20 refuses PKCS#1 v1.5 in privateDecrypt, so its padding is taken off here.
    decrypt: (block, padding) => (padding === 'OAEP' ? privateDecrypt(oaep, block) : withoutPadding(privateDecrypt(raw, block))),
  }
}

function forgeEngine(key: RsaPrivateKey): Engine {
  const forgeKey = forge.pki.privateKeyFromPem(privateKeyToPem(key))
  const exponentiate = (block: Buffer): Buffer => Buffer.from(forgeKey.decrypt(block.toString('binary'), 'RAW'), 'binary')
  return {
    exponentiate,
    decrypt: (block, padding) =>
      padding === 'OAEP'
        ? Buffer.from(forgeKey.decrypt(block.toString('binary'), 'RSA-OAEP', { md: forge.md.sha1.create() }), 'binary')
        : withoutPadding(exponentiate(block)),
  }
}

/** RFC 8017, 7.2.2: 00 02, at least eight bytes that are not zero, 00, message. */
function withoutPadding(block: Buffer): Buffer {
  const end = block.indexOf(0, 2)
  if (block[0] !== 0 || block[1] !== 2 || end < 10) throw new DecryptionFailed()
  return block.subarray(end + 1)
}
