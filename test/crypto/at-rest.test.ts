import { createHash } from 'node:crypto'
import t from 'tap'
import {
  MalformedSealedText,
  WrongKeyPassword,
  clusterKeyOf,
  deriveClusterKey,
  openAtRest,
  sealAtRest,
} from '../../src/crypto/at-rest.js'
import type { Random } from '../../src/effects.js'
import { fc } from '../fixtures/property.js'

let calls = 0
const random: Random = {
  bytes: (length) => createHash('shake256', { outputLength: length }).update(String(calls++)).digest(),
}
const salt = Buffer.alloc(16, 7)
const key = await deriveClusterKey('a password', salt)

t.test('what is sealed opens again for the same purpose', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.string(), (bytes, purpose) => {
      const text = sealAtRest(key, purpose, bytes, random)
      return /^v1:[^:]{16}:[^:]+$/.test(text) && openAtRest(key, purpose, text).equals(bytes)
    }),
  )
  t.pass()
})

t.test('any changed character of a sealed text is refused', async (t) => {
  const text = sealAtRest(key, 'cluster-key:root', Buffer.from('a private key'), random)
  fc.assert(
    fc.property(
      fc.nat(text.length - 1),
      fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }),
      (at, other) => {
        fc.pre(text[at] !== other)
        try {
          openAtRest(key, 'cluster-key:root', text.slice(0, at) + other + text.slice(at + 1))
          return false
        } catch (error) {
          return error instanceof WrongKeyPassword || error instanceof MalformedSealedText
        }
      },
    ),
    { numRuns: 1000 },
  )
  for (let length = 0; length < text.length; length++)
    t.throws(() => openAtRest(key, 'cluster-key:root', text.slice(0, length)))
})

t.test('any changed byte of nonce, ciphertext and tag is refused', async (t) => {
  const [, nonce = '', sealed = ''] = sealAtRest(key, 'p', Buffer.from('a private key'), random).split(':')
  for (const part of [0, 1]) {
    const bytes = Buffer.from(part === 0 ? nonce : sealed, 'base64')
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      const text =
        part === 0 ? `v1:${changed.toString('base64')}:${sealed}` : `v1:${nonce}:${changed.toString('base64')}`
      t.throws(() => openAtRest(key, 'p', text), WrongKeyPassword)
    }
  }
})

t.test('another password, salt or purpose does not open', async (t) => {
  const text = sealAtRest(key, 'cluster-key:root', Buffer.from('x'), random)
  t.throws(() => openAtRest(key, 'cluster-key:branch', text), WrongKeyPassword)
  for (const other of [
    await deriveClusterKey('another', salt),
    await deriveClusterKey('a password', Buffer.alloc(16, 8)),
  ]) {
    t.throws(() => openAtRest(other, 'cluster-key:root', text), {
      name: 'WrongKeyPassword',
      purpose: 'cluster-key:root',
    })
  }
})

t.test('the same password and salt give the same key in another process', async (t) => {
  const text = sealAtRest(key, 'p', Buffer.from('x'), random)
  t.equal(openAtRest(await deriveClusterKey('a password', salt), 'p', text).toString(), 'x')
  const composed = await deriveClusterKey('caf\u00e9', salt)
  const decomposed = await deriveClusterKey('cafe\u0301', salt)
  t.equal(openAtRest(decomposed, 'p', sealAtRest(composed, 'p', Buffer.from('y'), random)).toString(), 'y')
})

t.test('the key of a cluster is derived once in a process, and is that of its password and salt', async (t) => {
  const other = Buffer.alloc(16, 8)
  const text = sealAtRest(await clusterKeyOf('caf\u00e9', salt), 'p', Buffer.from('x'), random)
  t.equal(openAtRest(await deriveClusterKey('caf\u00e9', salt), 'p', text).toString(), 'x')
  t.equal(await clusterKeyOf('cafe\u0301', salt), await clusterKeyOf('caf\u00e9', salt))
  for (const key of [await clusterKeyOf('another', salt), await clusterKeyOf('caf\u00e9', other)])
    t.throws(() => openAtRest(key, 'p', text), WrongKeyPassword)
  await t.rejects(clusterKeyOf('', salt), RangeError)
})

t.test('bad inputs are refused', async (t) => {
  await t.rejects(deriveClusterKey('', salt), RangeError)
  await t.rejects(deriveClusterKey('x'.repeat(1025), salt), RangeError)
  await t.rejects(deriveClusterKey('x', Buffer.alloc(15)), RangeError)
  t.throws(() => sealAtRest(key, 'p', Buffer.alloc(65537), random), RangeError)
  for (const text of ['', 'v1', 'v2:a:b', 'v1:::', 'v1::', `v1:${'A'.repeat(16)}:AAAA`, `v1:${'A'.repeat(200_000)}:`]) {
    t.throws(() => openAtRest(key, 'p', text), MalformedSealedText)
  }
  t.notMatch(JSON.stringify(key), /[A-Za-z0-9+/]{20}/, 'the key does not show')
})
