/**
 * The CryptoAPI PRIVATEKEYBLOB, in which RAC and CLC carry their private key inside ENABLINGBITS (design decision; the sizes of genuine
 * certificates fit it): 20 bytes of prologue, then n, p, q, dp, dq, iq, d, all little-endian.
 */
import { createPrivateKey } from 'node:crypto'
import { privateKeyFromKeyObject, publicExponent, type RsaPrivateKey } from './keys.js'

const prologueLength = 20
const fields = [
  ['n', 1],
  ['p', 0.5],
  ['q', 0.5],
  ['dp', 0.5],
  ['dq', 0.5],
  ['qi', 0.5],
  ['d', 1],
] as const

/** PRIVATEKEYBLOB, version 2, CALG_RSA_SIGN, "RSA2". */
const blobHeader = Buffer.from([0x07, 0x02, 0x00, 0x00, 0x00, 0x24, 0x00, 0x00, 0x52, 0x53, 0x41, 0x32])

export function writePrivateKeyBlob(key: RsaPrivateKey): Buffer {
  const jwk = key.key.export({ format: 'jwk' })
  const bytes = key.publicKey.bits / 8
  const prologue = Buffer.alloc(prologueLength)
  blobHeader.copy(prologue)
  prologue.writeUInt32LE(key.publicKey.bits, 12)
  prologue.writeUInt32LE(publicExponent, 16)
  const numbers = fields.map(([name, share]) => littleEndian(String(jwk[name]), bytes * share))
  return Buffer.concat([prologue, ...numbers])
}

/** @throws RangeError when it is not such a blob, or its numbers are no RSA key */
export function readPrivateKeyBlob(blob: Buffer): RsaPrivateKey {
  const bits = blob.length >= prologueLength ? blob.readUInt32LE(12) : 0
  const bytes = bits / 8
  if (
    !blob.subarray(0, 12).equals(blobHeader) ||
    ![1024, 2048, 4096].includes(bits) ||
    blob.length < prologueLength + bytes * 4.5
  ) {
    throw new RangeError('This is not an RSA PRIVATEKEYBLOB')
  }
  const jwk: Record<string, string> = { kty: 'RSA', e: 'AQAB' }
  let offset = prologueLength
  for (const [name, share] of fields) {
    const end = offset + bytes * share
    jwk[name] = Buffer.from(blob.subarray(offset, end)).reverse().toString('base64url')
    offset = end
  }
  try {
    return privateKeyFromKeyObject(createPrivateKey({ key: jwk, format: 'jwk' }))
  } catch {
    throw new RangeError('The numbers of the PRIVATEKEYBLOB are not an RSA key')
  }
}

function littleEndian(base64url: string, length: number): Buffer {
  const number = Buffer.from(base64url, 'base64url').reverse()
  return Buffer.concat([number, Buffer.alloc(length - number.length)])
}
