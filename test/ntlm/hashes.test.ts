/** The old algorithms, by the test values of their authors. */
import t from 'tap'
import { md4 } from '../../src/ntlm/md4.js'
import { rc4 } from '../../src/ntlm/rc4.js'

t.test('MD4 gives the values of RFC 1320, A.5', async (t) => {
  const values = {
    '': '31d6cfe0d16ae931b73c59d7e0c089c0',
    a: 'bde52cb31de33e46245e05fbdbd6fb24',
    abc: 'a448017aaf21d8525fc10ae87aa6729d',
    'message digest': 'd9130a8164549fe818874806e1c7014b',
    abcdefghijklmnopqrstuvwxyz: 'd79e1c308aa5bbcdeea8ed63df412da9',
    ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789: '043f8582f241db351ce627e153e7f0e4',
    ['1234567890'.repeat(8)]: 'e33b4ddc9c38f2199c3e7b164fcc0536',
  }
  for (const [text, digest] of Object.entries(values))
    t.equal(md4(Buffer.from(text)).toString('hex'), digest, JSON.stringify(text))
})

t.test('MD4 of every length around the block size is stable in its last block', async (t) => {
  const digests = Array.from({ length: 130 }, (_, length) => md4(Buffer.alloc(length)).toString('hex'))
  t.equal(new Set(digests).size, 130)
})

t.test('RC4 gives the well-known values, and undoes itself', async (t) => {
  t.equal(rc4(Buffer.from('Key'), Buffer.from('Plaintext')).toString('hex'), 'bbf316e8d940af0ad3')
  t.equal(rc4(Buffer.from('Wiki'), Buffer.from('pedia')).toString('hex'), '1021bf0420')
  const key = Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex')
  t.equal(rc4(key, rc4(key, Buffer.from('there and back'))).toString(), 'there and back')
})
