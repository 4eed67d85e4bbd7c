import t from 'tap'
import { asMarkup } from '../../src/xml/write.js'
import { checkChain, checkLink, splitChains } from '../../src/xrml/chain.js'
import { readClc } from '../../src/xrml/clc.js'
import { decodeDocuments, readDocuments, readOneDocument, type XrmlDocument } from '../../src/xrml/document.js'
import { labMachine, labTrustRoot } from '../../src/xrml/lab-hierarchy.js'
import { readPl } from '../../src/xrml/pl.js'
import { readRac } from '../../src/xrml/rac.js'
import { checkSignature, signDocument } from '../../src/xrml/signature.js'
import { readSpc } from '../../src/xrml/spc.js'
import { readUl } from '../../src/xrml/ul.js'
import type { Signer } from '../../src/crypto/signer.js'
import { makeLab } from './lab.js'

const lab = await makeLab(1)
const { text, rules, signers } = lab
const [slc] = lab.slcChain
if (slc === undefined) throw new Error('no SLC')
const clc = readOneDocument(text.clc)

/** The same BODY changed, and signed anew with that key. */
async function resigned(source: string, signer: Signer, change: (body: string) => string): Promise<XrmlDocument> {
  const body = change(readOneDocument(source).bodyText)
  return readOneDocument(await signDocument(asMarkup(body), { signer, hash: rules.hash, surface: 'server' }))
}

t.test(
  'a client that prints empty elements anew is repaired, and the repaired text is what later code sees',
  async (t) => {
    for (const source of [text.rac, text.clc, text.clientPl, text.ul]) {
      const printed = source.replaceAll(' />', '/>')
      const check = checkSignature(readOneDocument(printed))
      if (printed === source) continue
      t.match(check, { ok: true, repaired: true })
      t.equal(check.document.text, source, 'to the letter')
      t.equal(check.document.bodyText, readOneDocument(source).bodyText)
      t.equal(check.document.body.element.source, source)
      t.match(check.document.body.issuer?.source, / \/>/)
      t.equal(checkChain([readOneDocument(printed), ...lab.slcChain]).documents[0]?.text, source, 'also in a chain')
    }
  },
)

t.test('a document that was signed with <X/> is good as it stands and stays so', async (t) => {
  const document = await resigned(text.rac, signers.slc, (body) => body.replaceAll(' />', '/>'))
  t.match(checkSignature(document), { ok: true, repaired: false })
  t.equal(checkSignature(document).document, document)
  const spaced = readOneDocument(document.text.replaceAll('/>', ' />'))
  t.match(checkSignature(spaced), { ok: false, repaired: false }, 'nothing is repaired in the other direction')
})

t.test('a changed body is never repaired into validity', async (t) => {
  const changed = text.rac.replaceAll(' />', '/>').replace('alice@contoso.test', 'mallory@contoso.test')
  const check = checkSignature(readOneDocument(changed))
  t.match(check, { ok: false, repaired: false, digest: { ok: false } })
  t.match(check.document.text, /mallory/)
  const moved = checkSignature(readOneDocument(text.rac.replaceAll(' />', '/>').replace('<BODY ', '<BODY xmlns="" ')))
  t.match(moved, { ok: false, repaired: false })
})

t.test('what is not a good signature says why', async (t) => {
  const cases: Readonly<Record<string, readonly [string, RegExp]>> = {
    'no SIGNATURE': [text.rac.replace(/<SIGNATURE>.*<\/SIGNATURE>/, ''), /no SIGNATURE/],
    'no ISSUER': [text.rac.replace(/<ISSUER>.*<\/ISSUER>/, ''), /ISSUER has no RSA key/],
    'an unknown hash': [text.rac.replace(/(<SIGNATURE><DIGEST><ALGORITHM>)SHA1/, '$1MD5'), /"MD5" is neither/],
    'a hash that every object has': [
      text.rac.replace(/(<SIGNATURE><DIGEST><ALGORITHM>)SHA1/, '$1constructor'),
      /"constructor" is neither/,
    ],
    'the other hash': [text.rac.replace(/(<SIGNATURE><DIGEST><ALGORITHM>)SHA1/, '$1SHA256'), /is not that of/],
    'a digest of garbage': [
      text.rac.replace(/(<VALUE encoding="base64" size="160">)[^<]*(<\/VALUE><\/DIGEST><ALG)/, '$1%%%$2'),
      /is not that of/,
    ],
    'an empty signature': [text.rac.replace(/[^>]*(<\/VALUE><\/SIGNATURE>)/, '$1'), /is not that of/],
    'an exponent of 3': [text.rac.replaceAll('65537', '3'), /no RSA key/],
    'an even modulus': [
      text.rac.replaceAll(
        /(size="1024">)[^<]+(<\/VALUE><\/PARAMETER>)/g,
        `$1${Buffer.alloc(128, 2).toString('base64')}$2`,
      ),
      /not that of an RSA key/,
    ],
  }
  for (const [name, [source, why]] of Object.entries(cases)) {
    const check = checkSignature(readOneDocument(source))
    t.equal(check.ok, false, name)
    t.match(check.signature.why, why, name)
  }
})

t.test('a changed issuer breaks digest and link', async (t) => {
  const other = readOneDocument(text.rac.replace('{AAAAAAAA-0000', '{BBBBBBBB-0000'))
  t.equal(checkSignature(other).digest.ok, false)
  t.match(checkLink(other, slc), { ok: false, why: /BBBBBBBB.*AAAAAAAA/ })
  const signedAgain = await resigned(text.rac, signers.slc, (body) => body.replace('{AAAAAAAA-0000', '{BBBBBBBB-0000'))
  t.equal(checkSignature(signedAgain).ok, true)
  t.match(
    checkChain([signedAgain, ...lab.slcChain]),
    { ok: false, why: /BBBBBBBB/ },
    'a good signature under a wrong name',
  )
  const cased = await resigned(text.rac, signers.slc, (body) => body.replaceAll('{AAAAAAAA-0000', '{aaaaaaaa-0000'))
  t.equal(checkChain([cased, ...lab.slcChain]).why, undefined, 'the case of a GUID does not matter')
})

t.test('a foreign key under the same name is not the issuer', async (t) => {
  const stranger = await makeLab(1)
  const [strangerSlc] = stranger.slcChain
  if (strangerSlc === undefined) throw new Error('no SLC')
  t.match(checkLink(readOneDocument(text.rac), strangerSlc), { ok: false, why: /key in the ISSUER/ })
  t.match(checkChain([readOneDocument(text.rac), ...stranger.slcChain]).ok, false)
  const signed = await resigned(text.rac, stranger.signers.slc, (body) => body)
  t.match(checkSignature(signed), { ok: false, digest: { ok: true }, signature: { ok: false } })
})

t.test('an account may not issue a RAC, a machine or a server', async (t) => {
  const clcIdentity = `${clc.body.issuedPrincipal?.object?.source}${clc.body.issuedPrincipal?.publicKey?.source}`
  for (const source of [text.rac, text.slc, lab.machineChain[0]?.text ?? '', text.clc, text.template]) {
    const forged = await resigned(source, signers.clc, (body) =>
      body.replace(/<ISSUER>.*?<\/ISSUER>/, () => `<ISSUER>${clcIdentity}</ISSUER>`),
    )
    t.equal(checkSignature(forged).ok, true)
    t.match(
      checkChain([forged, clc, ...lab.slcChain]),
      { ok: false, why: /a CLC of a Group-Identity may not issue/ },
      forged.kind,
    )
  }
})

t.test('a machine issued by one that is no SPC issuer is refused', async (t) => {
  const [machine, issuer] = lab.machineChain
  if (machine === undefined || issuer === undefined) throw new Error('certs/ is incomplete')
  t.equal(checkLink(machine, issuer).ok, true)
  t.match(checkLink(machine, slc), { ok: false })
  const [enrollmentService, enrollmentCa] = lab.slcChain.slice(1)
  if (enrollmentService === undefined || enrollmentCa === undefined) throw new Error('certs/ is incomplete')
  const caIdentity = `${enrollmentService.body.issuer?.object?.source}${enrollmentService.body.issuer?.publicKey?.source}`
  const underCa = readOneDocument(machine.text.replace(/<ISSUER>.*?<\/ISSUER>/, () => `<ISSUER>${caIdentity}</ISSUER>`))
  t.match(checkLink(underCa, enrollmentCa), { ok: false, why: /may not issue a SPC/ })
})

t.test(
  "what was issued outside of its issuer's time is refused, but for clocks that differ at its beginning",
  async (t) => {
    const at = async (time: string): Promise<ReturnType<typeof checkLink>> =>
      checkLink(
        await resigned(text.rac, signers.slc, (body) => body.replace(/<ISSUEDTIME>.*?</, `<ISSUEDTIME>${time}<`)),
        slc,
      )
    t.match(await at('2019-12-31T23:54'), {
      ok: false,
      why: /issued 2019-12-31T23:54, its issuer may issue from 2020-01-01T00:00 to 2255-01-01T00:00/,
    })
    t.match(await at('2019-12-31T23:55'), { ok: true })
    t.match(await at('2254-12-31T23:59'), { ok: true })
    t.match(await at('2255-01-01T00:00'), { ok: false })
    t.match(await at('yesterday'), { ok: false, why: /no ISSUEDTIME/ })
    const noRight = readOneDocument(slc.text.replace('name="ISSUE"', 'name="OWNER"'))
    t.match(checkLink(readOneDocument(text.rac), noRight), { ok: false, why: /no right ISSUE/ })
  },
)

t.test('a change above the leaf is found where it is', async (t) => {
  const chain = [readOneDocument(text.clientPl), clc, ...lab.slcChain]
  for (const [index, document] of chain.entries()) {
    const changed = readOneDocument(document.text.replace('<ISSUEDTIME>2', '<ISSUEDTIME>1'))
    const check = checkChain(chain.map((original, place) => (place === index ? changed : original)))
    t.match(check.why, `document ${index + 1} (${document.kind}): the digest of BODY`)
    t.equal(check.signatures.filter(({ ok }) => !ok).length, 1, 'the others are judged all the same')
  }
  t.equal(checkChain([]).ok, false)
})

t.test('files with several chains are cut where a chain ends', async (t) => {
  const machines = ['alice-pc-mode1', 'bob-pc-mode1'].flatMap((name) => labMachine(name).chain)
  t.same(
    splitChains(machines).map((chain) => chain.length),
    [machines.length / 2, machines.length / 2],
  )
  const kinds = splitChains([
    readOneDocument(text.clientPl),
    clc,
    readOneDocument(text.ownerUl),
    clc,
    ...lab.slcChain,
  ]).map((chain) => chain.map(({ kind }) => kind).join(' '))
  t.same(kinds, ['PL CLC', 'UL CLC SLC SLC CA CA'])
  t.same(splitChains([]), [])
})

t.test('documents that lack what their kind needs are refused by name', async (t) => {
  const cases: readonly (readonly [(document: XrmlDocument) => unknown, string, RegExp])[] = [
    [readRac, text.clc, /a CLC, not a RAC/],
    [readRac, text.rac.replace(/<VALIDITYTIME>.*<\/VALIDITYTIME>/, ''), /VALIDITYTIME/],
    [readRac, text.rac.replace('"Group-Identity"', '"Machine"'), /Machine, not a Group-Identity/],
    [readRac, text.rac.replace('<ISSUEDPRINCIPALS>', '<ISSUEDPRINCIPALS><PRINCIPAL />'), /no account/],
    [readClc, text.clc.replaceAll('License-Acquisition-URL', 'X'), /License-Acquisition-URL/],
    [readClc, text.clc.replace(/<ENABLINGBITS.*<\/ENABLINGBITS>/, ''), /sealed private key/],
    [readPl, text.clientPl.replace(/<ENABLINGBITS.*<\/ENABLINGBITS>/, ''), /sealed content key/],
    [readPl, text.clientPl.replace('Encrypted-Rights-Data', 'X'), /0 Encrypted-Rights-Data/],
    [
      readPl,
      text.clientPl.replace(/<AUTHENTICATEDDATA id="E.*?<\/AUTHENTICATEDDATA>/, '$&$&'),
      /2 Encrypted-Rights-Data/,
    ],
    [readUl, text.ul.replaceAll(/<ENABLINGBITS.*?<\/ENABLINGBITS>/g, ''), /sealed content key/],
    [readSpc, text.rac, /a RAC, not an SPC/],
  ]
  for (const [read, source, why] of cases)
    t.throws(() => read(readOneDocument(source)), { name: 'MalformedXrml', message: why })
  t.throws(() => readOneDocument('<XrML />'), { name: 'MalformedXrml', message: /no BODY/ })
  t.throws(() => readOneDocument('<BODY />'), { name: 'MalformedXrml', message: /<BODY>, not <XrML>/ })
  t.throws(() => readDocuments(`${text.rac}<other/>`), { name: 'MalformedXrml' })
  t.equal(readOneDocument('<XrML><BODY type="__proto__"/></XrML>').kind, 'unknown')
  t.equal(
    readOneDocument('<XrML><BODY type="LICENSE"><DESCRIPTOR><OBJECT type="constructor"/></DESCRIPTOR></BODY></XrML>')
      .kind,
    'unknown',
  )
})

t.test('line breaks that became CRLF do not verify', async (t) => {
  const check = checkSignature(readOneDocument(text.template.replaceAll('\n', '\r\n')))
  t.match(check, { ok: false, digest: { ok: false } })
})

t.test('bytes that are no text are refused', async (t) => {
  t.throws(() => decodeDocuments(Buffer.from([0x3c, 0xff, 0xfe, 0x41])), TypeError)
  t.throws(() => readDocuments(decodeDocuments(Buffer.from(Buffer.from('hello').toString('base64')))), {
    name: 'MalformedXml',
  })
  t.same(readDocuments(decodeDocuments(Buffer.alloc(0))), [])
})

t.test('the lab roots are two keys with a name each', async (t) => {
  t.match(labTrustRoot(1), { name: 'LAB DRM Root Mode 1', publicKey: { bits: 2048 } })
  t.match(labTrustRoot(2), { name: 'LAB DRM Root Mode 2', publicKey: { bits: 2048 } })
  t.not(labTrustRoot(1).publicKey.modulus, labTrustRoot(2).publicKey.modulus)
})

t.test('long runs in a machine certificate cost no more than their length', { timeout: 20_000 }, async (t) => {
  const machine = lab.machineChain[0]?.text ?? ''
  for (const run of ['1'.repeat(1_000_000), `1.1.1.1${' '.repeat(1_000_000)}x`]) {
    const read = readSpc(
      readOneDocument(machine.replace(/(name="Repository" value=")[^"]*/, (_, start: string) => start + run)),
    )
    t.equal(read.repositoryVersion, undefined)
  }
})
