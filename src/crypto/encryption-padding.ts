/** The blocks that RSA encrypts (RFC 8017, 7.1.1 and 7.2.1), filled with bytes that are drawn by us. */
import { createHash } from 'node:crypto'
import type { Random } from '../effects.js'

/**
 * EME-PKCS1-v1_5: 00 02, filler without zeros, 00, and the message.
 * @param length bytes of the modulus
 * @throws RangeError when the message is too long for it
 */
export function padPkcs1(message: Buffer, length: number, random: Random): Buffer {
  const filler = length - message.length - 3
  if (filler < 8) throw new RangeError(`${message.length} bytes are too many for a block of ${length}`)
  return Buffer.concat([Buffer.from([0, 2]), drawNonZero(filler, random), Buffer.from([0]), message])
}

function drawNonZero(length: number, random: Random): Buffer {
  let drawn = Buffer.alloc(0)
  while (drawn.length < length)
    drawn = Buffer.concat([drawn, random.bytes(length - drawn.length).filter((byte) => byte !== 0)])
  return drawn
}

const hashLength = 20

/**
 * EME-OAEP with SHA-1, MGF1 with SHA-1, and no label.
 * @param length bytes of the modulus
 * @throws RangeError when the message is too long for it
 */
export function padOaep(message: Buffer, length: number, random: Random): Buffer {
  const zeros = length - message.length - 2 * hashLength - 2
  if (zeros < 0) throw new RangeError(`${message.length} bytes are too many for a block of ${length}`)
  const seed = random.bytes(hashLength)
  const data = Buffer.concat([sha1(Buffer.alloc(0)), Buffer.alloc(zeros), Buffer.from([1]), message])
  const maskedData = xor(data, mask(seed, data.length))
  const maskedSeed = xor(seed, mask(maskedData, hashLength))
  return Buffer.concat([Buffer.from([0]), maskedSeed, maskedData])
}

/** MGF1 (RFC 8017, B.2.1). */
function mask(seed: Buffer, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / hashLength) }, (_value, index) => {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(index)
    return sha1(Buffer.concat([seed, counter]))
  })
  return Buffer.concat(blocks).subarray(0, length)
}

function sha1(bytes: Buffer): Buffer {
  return createHash('sha1').update(bytes).digest()
}

function xor(one: Buffer, other: Buffer): Buffer {
  return Buffer.from(one.map((byte, index) => byte ^ (other[index] ?? 0)))
}
