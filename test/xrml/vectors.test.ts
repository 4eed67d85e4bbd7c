import { createHash } from 'node:crypto'
import t from 'tap'
import { checkChain, checkLink, splitChains } from '../../src/xrml/chain.js'
import { decodeDocuments, readDocuments, readOneDocument, type XrmlDocument } from '../../src/xrml/document.js'
import { checkSignature } from '../../src/xrml/signature.js'
import { readClc } from '../../src/xrml/clc.js'
import { readPl } from '../../src/xrml/pl.js'
import { readRac } from '../../src/xrml/rac.js'
import { readRightsData } from '../../src/xrml/rights-data.js'
import { readSpc } from '../../src/xrml/spc.js'
import { readUl } from '../../src/xrml/ul.js'
import { readVector, skipWithoutVectors, vectorNames } from './vectors.js'

/** Kind, bytes of BODY in UTF-16LE, digest, key that signed, key that is certified or named, SIGNATURE order. */
type Row = readonly [string, number, string, string, string, 'ALGORITHM' | 'DIGEST']

const clc2015: Row = ['CLC', 7194, 'JNuwncziZgJLsuefnMCobAAnH1U=', '1ad41c2b73', 'b288ac3e1a', 'DIGEST']
const manifest: Readonly<Record<string, readonly Row[]>> = {
  'mode1-msipc-2015.chain.xrml': [
    ['PL', 25812, 'vXU0+HfiHMB4Tsk5fqdUEa7zTbs=', 'b288ac3e1a', '1ad41c2b73', 'ALGORITHM'],
    clc2015,
    ['UL', 5072, 'e59vsIpV6uqb1gBBgOkJouox6l8=', 'b288ac3e1a', 'ba402a6e1c', 'ALGORITHM'],
    clc2015,
    ['SLC', 3938, '64xWUG3/edK4uFSxNMUs+9dFFpk=', '6268a556c2', '1ad41c2b73', 'DIGEST'],
    ['SLC', 3664, 'P6/7WjNIb8Kx/aAoBIxgv75dtOo=', 'cca8b4ce8d', '6268a556c2', 'DIGEST'],
    ['CA', 3944, 'ngOVdblcY0xFPHNEPtdtkIQUcBs=', 'add38644da', 'cca8b4ce8d', 'DIGEST'],
    ['CA', 4224, 'sH+lchPGEP9IKIajmnw5QGUqOl4=', '0b5a084251', 'add38644da', 'DIGEST'],
  ],
  'mode2-azure-2013.chain.xrml': [
    ['PL', 11800, 'oRL3pRi1N2MF7y4mKbeDJu9g+IIY4DlJns1gv4YXW/E=', '11af882aea', 'b21f55328c', 'ALGORITHM'],
    ['CLC', 10160, 'kg5/YtrddpGKQCbKBxVJGK4ezQ8qUAG989yaw/E4M3E=', 'b21f55328c', '11af882aea', 'DIGEST'],
  ],
  'mode2-azure-2017.server-pl.xrml': [
    ['PL', 14396, '9Rr0QMMxv50UjobjTilp+MgvSL4/rF8hBLUH/qK6edg=', 'b21f55328c', 'b21f55328c', 'DIGEST'],
  ],
  'ms-rmpr-4.5.1-spc.xrml': [['SPC', 4506, '37Ikse/P8RaLKgS9h5AcpQPoTeE=', 'dd6b3a902a', '059067d9e3', 'DIGEST']],
  'ms-rmpr-4.5.2-rac.xrml': [['RAC', 7380, 'DiOe5fmkcpM4lWDQpiVUSOhDNxI=', '4e3116c9e7', 'b865910adc', 'DIGEST']],
  'ms-rmpr-4.5.3-clc.xrml': [['CLC', 7062, 'YLYPzANM0VdACnDw3C+HyxD5IQQ=', '4e3116c9e7', '5488c01b78', 'DIGEST']],
  'ms-rmpr-4.5.4-pl.xrml': [['PL', 24052, 'VjAukPumdInHSJm20UzD2+Owa2Q=', '5488c01b78', '4e3116c9e7', 'ALGORITHM']],
  'ms-rmpr-4.5.6-ul.xrml': [['UL', 5068, 'iD9oAl/aE9T++2u0aBJ7IHS2Em4=', '4e3116c9e7', 'a1f904bf20', 'DIGEST']],
}

/** Type and size in bits of the sealed keys, in order of the documents that have one. */
const sealedBits: Readonly<Record<string, readonly string[]>> = {
  'mode1-msipc-2015.chain.xrml': ['sealed-key 1536', 'sealed-key 6144', 'sealed-key 1536', 'sealed-key 6144'],
  'mode2-azure-2013.chain.xrml': ['sealed-key-v2 2688', 'sealed-key-v2 11904'],
  'mode2-azure-2017.server-pl.xrml': ['sealed-key-v2 2816'],
  'ms-rmpr-4.5.1-spc.xrml': [],
  'ms-rmpr-4.5.2-rac.xrml': ['sealed-key 6144'],
  'ms-rmpr-4.5.3-clc.xrml': ['sealed-key 6144'],
  'ms-rmpr-4.5.4-pl.xrml': ['sealed-key 1536'],
  'ms-rmpr-4.5.6-ul.xrml': ['sealed-key 1536'],
}

const read = (name: string): readonly XrmlDocument[] => readDocuments(decodeDocuments(readVector(name)))

/** The first ten digits of SHA-1 over the big-endian modulus: how the manifest names keys. */
function keyName(modulus: string | undefined): string {
  return createHash('sha1')
    .update(Buffer.from(modulus ?? '', 'base64').reverse())
    .digest('hex')
    .slice(0, 10)
}

function sealedBitsOf(document: XrmlDocument): string | undefined {
  const { issuedPrincipal, federationPrincipal } = document.body
  const field =
    document.kind === 'CLC'
      ? readClc(document).enablingBits
      : document.kind === 'UL'
        ? readUl(document).enablingBits
        : (issuedPrincipal?.enablingBits ?? federationPrincipal?.enablingBits)
  return field === undefined ? undefined : `${field.type} ${field.bytes.length * 8}`
}

t.test('the table names every vector', skipWithoutVectors, async (t) => {
  t.same(vectorNames(), Object.keys(manifest))
})

for (const [name, rows] of Object.entries(manifest)) {
  t.test(
    `${name}: digests, signatures, keys and sealed sizes are those of the manifest`,
    skipWithoutVectors,
    async (t) => {
      const documents = read(name)
      t.equal(documents.length, rows.length)
      for (const [index, document] of documents.entries()) {
        const [kind, bytes, digest, signedBy, names, order] = rows[index] ?? ([] as unknown as Row)
        const check = checkSignature(document)
        t.match(
          check,
          { ok: true, repaired: false, digest: { ok: true, expected: digest, found: digest }, signature: { ok: true } },
          `${kind} ${index}`,
        )
        t.equal(document.kind, kind)
        t.equal(Buffer.byteLength(document.bodyText, 'utf16le'), bytes)
        t.equal(keyName(document.body.issuer?.publicKey?.modulus), signedBy, 'signed by')
        t.equal(keyName(document.body.issuedPrincipal?.publicKey?.modulus), names, 'names')
        t.equal(document.signature?.children[0]?.name, order)
      }
      t.equal(documents.map((document) => document.text).join(''), decodeDocuments(readVector(name)), 'nothing is lost')
      t.same(
        documents.flatMap((document) => sealedBitsOf(document) ?? []),
        sealedBits[name],
      )
    },
  )

  t.test(`${name}: any one character of BODY changed fails`, skipWithoutVectors, async (t) => {
    for (const document of new Set(read(name))) {
      const body = document.bodyText
      const passed: number[] = []
      const last = body.length - 1
      const ends = [0, 1, 2, 3, 4, 5, last - 5, last - 4, last - 3, last - 2, last - 1, last]
      const sampled = Array.from({ length: Math.ceil(body.length / 7) }, (_, index) => index * 7)
      for (const at of [...sampled, ...ends]) {
        const bodyText = body.slice(0, at) + String.fromCharCode(body.charCodeAt(at) ^ 1) + body.slice(at + 1)
        const text = document.text.replace(body, () => bodyText)
        if (checkSignature({ ...document, text, bodyText }).ok) passed.push(at)
        if (at % 14 === 0 && readsAsGood(text)) passed.push(at)
      }
      t.same(passed, [], document.kind)
    }
  })
}

function readsAsGood(text: string): boolean {
  try {
    return checkSignature(readOneDocument(text)).ok
  } catch {
    return false
  }
}

t.test('the whole chain of 2015 is two chains with all their links', skipWithoutVectors, async (t) => {
  const chains = splitChains(read('mode1-msipc-2015.chain.xrml'))
  t.same(
    chains.map((chain) => chain.map((document) => document.kind)),
    [
      ['PL', 'CLC'],
      ['UL', 'CLC', 'SLC', 'SLC', 'CA', 'CA'],
    ],
  )
  for (const chain of chains) {
    const check = checkChain(chain)
    t.equal(check.why, undefined)
    t.equal(check.links.filter((link) => link.ok).length, chain.length - 1)
  }
})

t.test('publishing licenses link to the CLC they were made with, and to no other', skipWithoutVectors, async (t) => {
  const [pl2013, clc2013] = read('mode2-azure-2013.chain.xrml')
  const [plExample] = read('ms-rmpr-4.5.4-pl.xrml')
  const [clcExample] = read('ms-rmpr-4.5.3-clc.xrml')
  if (pl2013 === undefined || clc2013 === undefined || plExample === undefined || clcExample === undefined)
    throw new Error('a vector is missing')
  t.same(checkLink(pl2013, clc2013), { ok: true })
  t.same(checkLink(plExample, clcExample), { ok: true })
  t.match(checkLink(plExample, clc2013), { ok: false, why: /not that of the CLC/ })
  t.match(checkLink(clcExample, plExample), { ok: false })
})

t.test('every vector is read by the reader of its kind, and by no other', skipWithoutVectors, async (t) => {
  const readers = { PL: readPl, CLC: readClc, UL: readUl, RAC: readRac, SPC: readSpc } as const
  for (const document of vectorNames().flatMap(read)) {
    for (const [kind, reader] of Object.entries(readers)) {
      if (kind === document.kind) t.doesNotThrow(() => reader(document), kind)
      else t.throws(() => reader(document), { name: 'MalformedXrml' })
    }
  }
})

t.test('the genuine 64 bytes under size 160 in the hardware hash are accepted', skipWithoutVectors, async (t) => {
  const [spc] = read('ms-rmpr-4.5.1-spc.xrml')
  t.match(spc?.bodyText, /size="160">[^<]{85,}</)
  t.ok(spc !== undefined && readSpc(spc).repositoryVersion === '6.1.7600.16385')
})

t.test('rights data in clear: the example of the specification', skipWithoutVectors, async (t) => {
  const source = readVector('ms-rmpr-4.5.5-erd-plaintext.xml').toString('utf8')
  t.equal(Buffer.byteLength(source, 'utf16le'), 6944)
  const [pl] = read('ms-rmpr-4.5.4-pl.xrml')
  t.equal(pl === undefined ? 0 : Buffer.from(readPl(pl).encryptedRightsData, 'base64').length, 6944)
  const rights = readRightsData(source)
  t.equal(rights.official, false)
  const all = ['VIEW', 'PRINT', 'OBJMODEL', 'OWNER', 'SIGN', 'EDIT', 'EXPORT', 'EXTRACT']
  const owner = all.map((right) => `${right} owner@contoso.com`)
  t.same(
    rights.grants.map(({ right, principal }) => `${right} ${principal.name}`),
    [...owner, ...owner, 'VIEW user@contoso.com'],
  )
})
