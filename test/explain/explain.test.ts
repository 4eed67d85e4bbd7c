import t from 'tap'
import { explain } from '../../src/explain/explain.js'
import type { CheckName, Explanation } from '../../src/explain/explanation.js'
import { asMarkup } from '../../src/xml/write.js'
import { readOneDocument } from '../../src/xrml/document.js'
import { labMachine, labTrustRoot } from '../../src/xrml/lab-hierarchy.js'
import { signDocument } from '../../src/xrml/signature.js'
import { makeLab, type Lab } from '../xrml/lab.js'
import { readVector, skipWithoutVectors, vectorNames } from '../xrml/vectors.js'
import { fc } from '../fixtures/property.js'

const trustRoots = [labTrustRoot(1), labTrustRoot(2)]
const now = new Date('2026-03-02T00:00Z')
const look = (text: string | Buffer, at = now): Explanation => explain(Buffer.from(text), { trustRoots, now: at })

const lab = await makeLab(1)
const slcChain = lab.slcChain.map((document) => document.text).join('')
const whole = (name: keyof Lab['text']): string =>
  lab.text[name] +
  (['clientPl', 'ownerUl'].includes(name) ? lab.text.clc : '') +
  (name === 'slc' ? slcChain.slice(lab.text.slc.length) : slcChain)

/** The same document with its BODY changed and signed anew by that key: only what the change breaks is broken. */
async function resigned(
  source: string,
  signer: keyof Lab['signers'],
  change: (body: string) => string,
): Promise<string> {
  return signDocument(asMarkup(change(readOneDocument(source).bodyText)), {
    signer: lab.signers[signer],
    hash: 'SHA1',
    surface: 'server',
  })
}

t.test('ready-made machines and whatever the builders make are good and trusted', async (t) => {
  for (const name of ['alice-pc-mode1', 'alice-pc-mode2', 'bob-pc-mode1', 'bob-pc-mode2']) {
    const found = look(
      labMachine(name)
        .chain.map((document) => document.text)
        .join(''),
    )
    t.equal(found.firstProblem, undefined, name)
    t.match(found.trust, {
      ok: true,
      chains: [{ ok: true, documents: [1, 2, 3, 4, 5], root: `LAB DRM Root Mode ${name.at(-1)}` }],
    })
    t.ok(
      found.documents.every(
        (document) => document.ok && document.surface.ok && document.digest.ok && document.signature.ok,
      ),
    )
  }
  for (const name of [
    'slc',
    'rac',
    'precertified',
    'clc',
    'clientPl',
    'serverPl',
    'ul',
    'ownerUl',
    'template',
  ] as const) {
    const found = look(whole(name))
    t.equal(found.firstProblem, undefined, name)
    t.match(found.documents[0], { ok: true, surface: { ok: true, notes: [] }, link: { ok: true, document: 2 } }, name)
  }
})

t.test('the JSON has the shape that other programs rely on', async (t) => {
  const found = JSON.parse(JSON.stringify(look(whole('ul')))) as Explanation
  t.match(found.documents[0], {
    number: 1,
    kind: 'UL',
    issuedTime: '2026-03-01T10:00',
    issuer: { type: 'MS-DRM-Server', name: 'CONTOSO-RMS', bits: 1024, fingerprint: /^[0-9a-f]{10}$/ },
    subject: { type: 'Group-Identity', name: 'alice@contoso.test' },
    digest: { ok: true, algorithm: 'SHA1', repaired: false },
    signature: { ok: true },
    validity: { ok: true, until: '2027-03-01T10:00' },
    rights: {
      ok: true,
      list: [
        { right: 'VIEW', from: '2026-02-28T10:00', until: '2027-03-01T10:00' },
        { right: 'OBJMODEL', until: '2026-03-04T10:00' },
      ],
    },
    sealed: [{ type: 'sealed-key', bytes: 192, holds: /AES-128/ }],
  })
  t.equal(found.documents[0]?.digest.expected, found.documents[0]?.digest.found)
})

t.test('genuine certificates are good, and kindly not trusted', skipWithoutVectors, async (t) => {
  for (const name of vectorNames()) {
    const found = look(readVector(name), new Date('2015-04-02T00:00Z'))
    for (const document of found.documents) {
      t.match(
        document,
        { form: { ok: true }, surface: { ok: true }, digest: { ok: true }, signature: { ok: true } },
        `${name} ${document.number}`,
      )
      t.not(document.link.ok, false)
      t.notMatch(document.sealed, [{ holds: /no seal/ }])
    }
    t.equal(found.trust.ok, false)
    t.equal(found.firstProblem?.check, 'trust')
  }
  const chain = look(readVector('mode1-msipc-2015.chain.xrml'), new Date('2015-04-02T00:00Z'))
  t.ok(
    chain.documents.every((document) => document.ok),
    'all dates held at that time',
  )
  t.same(
    chain.trust.chains.map(({ documents }) => documents),
    [
      [1, 2, 5, 6, 7, 8],
      [3, 4, 5, 6, 7, 8],
    ],
  )
  t.match(chain.trust.chains[0], {
    foreignRoot: { name: 'Microsoft DRM Production Root', fingerprint: '0b5a084251' },
    why: /genuine root of Microsoft.*not pinned here/,
  })
  t.match(look(readVector('ms-rmpr-4.5.2-rac.xrml')).trust.chains[0], {
    missing: { name: 'CONTOSO-RMS', fingerprint: '4e3116c9e7' },
    why: /missing/,
  })
  t.match(look(readVector('ms-rmpr-4.5.2-rac.xrml')).documents[0]?.validity, {
    ok: false,
    why: /until 2011-06-11T20:50, and now it is 2026/,
  })
})

/** What was done to a RAC's chain, the check that finds it, and what it says. */
const corpus: readonly (readonly [string, string | Promise<string>, CheckName, RegExp])[] = [
  ['no XrML at all', '{"name": "x"}', 'form', /no XrML document/],
  ['nothing', '', 'form', /no XrML document/],
  ['cut off in the middle', whole('rac').slice(0, 900), 'form', /unclosed/],
  ['a BODY that is missing', '<XrML></XrML>', 'form', /no BODY/],
  [
    'a kind that RMS does not have',
    '<XrML xmlns="" version="1.2"><BODY type="Shopping List"></BODY></XrML>',
    'form',
    /"Shopping List"/,
  ],
  ['a document type', whole('rac').replace('<BODY', '<!DOCTYPE a><BODY'), 'form', /at character/],
  [
    'no VALIDITYTIME',
    resigned(lab.text.rac, 'slc', (body) => body.replace(/<VALIDITYTIME>.*<\/VALIDITYTIME>/, '')),
    'form',
    /VALIDITYTIME/,
  ],
  ['one letter changed', whole('rac').replace('alice@', 'alicf@'), 'digest', /not the one that was signed/],
  [
    'indented',
    whole('rac').replace(/<(?=ISSUER>|DESCRIPTOR|OBJECT)/g, '\n  <'),
    'digest',
    /wrote white space between its tags; without that the digest fits/,
  ],
  [
    'a namespace on BODY',
    whole('rac').replace('<BODY ', '<BODY xmlns="http://microsoft.com/DRM" '),
    'digest',
    /wrote a namespace on BODY/,
  ],
  [
    'indented and printed anew',
    whole('rac').replaceAll(' />', '/>').replaceAll('><OBJECT', '>\r\n<OBJECT'),
    'digest',
    /wrote white space between its tags and <X\/> in place of <X \/>/,
  ],
  [
    'the long form of empty elements',
    whole('rac').replace(/<SECURITYLEVEL ([^>]*) \/>/g, '<SECURITYLEVEL $1></SECURITYLEVEL>'),
    'digest',
    /<X><\/X>/,
  ],
  ['CRLF in a name', lab.text.template.replaceAll('\n', '\r\n'), 'digest', /CR in its line breaks/],
  ['no SIGNATURE', lab.text.unsignedPl, 'signature', /no SIGNATURE/],
  [
    'a signature of another key',
    resigned(lab.text.rac, 'clc', (body) => body),
    'signature',
    /not that of the ISSUER's key/,
  ],
  ['an unknown hash', whole('rac').replace(/(<SIGNATURE><DIGEST><ALGORITHM>)SHA1/, '$1MD5'), 'digest', /not the one/],
  ['a CLC that signs a RAC', forgedByClc(), 'link', /a CLC of a Group-Identity may not issue a RAC/],
  [
    'another name under the same key',
    resigned(lab.text.rac, 'slc', (body) => body.replace('{AAAAAAAA', '{FFFFFFFF')).then((rac) => rac + slcChain),
    'link',
    /"\{FFFFFFFF.*"\{AAAAAAAA/,
  ],
  [
    'issued before its issuer',
    resigned(lab.text.rac, 'slc', (body) => body.replace(/<ISSUEDTIME>[^<]*/, '<ISSUEDTIME>2019-12-31T23:54')).then(
      (rac) => rac + slcChain,
    ),
    'link',
    /issued 2019-12-31T23:54/,
  ],
  [
    'another key under the same name',
    strangersSlc(),
    'link',
    /the certificate of that name in the file is for another key/,
  ],
  ['a missing certificate', lab.text.rac + lab.text.slc, 'trust', /LAB DRM Server Self Enrollment Service.*is missing/],
  [
    'issued tomorrow',
    resigned(lab.text.rac, 'slc', (body) => body.replace(/<ISSUEDTIME>[^<]*/, '<ISSUEDTIME>2026-03-02T00:06')).then(
      (rac) => rac + slcChain,
    ),
    'validity',
    /was issued 2026-03-02T00:06, and now it is 2026-03-02T00:00/,
  ],
  [
    'expired',
    resigned(lab.text.rac, 'slc', (body) => body.replace(/<UNTIL>[^<]*/, '<UNTIL>2026-03-02T00:00')).then(
      (rac) => rac + slcChain,
    ),
    'validity',
    /until 2026-03-02T00:00, and now/,
  ],
  [
    'a template without rights',
    resigned(lab.text.template, 'slc', (body) => body.replace(/<RIGHTSLIST>.*<\/RIGHTSLIST>/, '<RIGHTSLIST />')).then(
      (one) => one + slcChain,
    ),
    'rights',
    /no right to anybody/,
  ],
]

async function forgedByClc(): Promise<string> {
  const { object, publicKey } = lab.principals.clc
  const rac = await resigned(lab.text.rac, 'clc', (body) =>
    body.replace(/<ISSUER>.*?<\/ISSUER>/, () => `<ISSUER>${object?.source}${publicKey?.source}</ISSUER>`),
  )
  return rac + lab.text.clc + slcChain
}

async function strangersSlc(): Promise<string> {
  const stranger = await makeLab(1)
  return lab.text.rac + stranger.slcChain.map((document) => document.text).join('')
}

for (const [name, source, check, why] of corpus) {
  t.test(`${name}: the first problem is its ${check}`, async (t) => {
    const found = look(await source)
    t.match(found.firstProblem, { check, why })
    t.equal(found.trust.ok, check === 'validity' || check === 'rights', 'trust is apart from dates and rights')
    if (check === 'digest') t.not(found.firstProblem?.expected, found.firstProblem?.found)
  })
}

t.test('a client that prints <X/> anew is repaired, and told', async (t) => {
  const found = look(whole('rac').replaceAll(' />', '/>'))
  t.equal(found.firstProblem, undefined)
  t.match(found.documents[0], {
    digest: { ok: true, repaired: true, why: /<X\/> in place of/ },
    surface: { ok: false, notes: ['BODY has <X/> in place of <X />'] },
  })
})

t.test('every document is judged behind a bad one, and the others of the file too', async (t) => {
  const found = look(
    whole('rac').replace('alice@', 'alicf@') +
      labMachine('bob-pc-mode1')
        .chain.map(({ text }) => text)
        .join(''),
  )
  t.same(
    found.documents.map(({ digest }) => digest.ok),
    [false, ...Array.from({ length: found.documents.length - 1 }, () => true)],
  )
  t.same(
    found.trust.chains.map(({ ok }) => ok),
    [false, true],
  )
  t.match(found.trust.chains[0], { root: 'LAB DRM Root Mode 1', why: /document 1 \(RAC\) is not good/ })
  const broken = look(
    `${lab.text.rac.slice(0, 700)}${labMachine('bob-pc-mode1')
      .chain.map(({ text }) => text)
      .join('')}`,
  )
  t.match(broken.firstProblem, { document: 1, check: 'form' })
  t.ok(broken.documents.slice(1).every(({ ok }) => ok))
  t.match(broken.trust, { ok: false, chains: [{ ok: true, documents: [2, 3, 4, 5, 6] }] })
})

t.test('a root of the same name with another key is not trusted', async (t) => {
  const [pinned] = trustRoots
  if (pinned === undefined) throw new Error('no root')
  const other = explain(Buffer.from(whole('rac')), {
    trustRoots: [{ name: pinned.name, publicKey: labTrustRoot(2).publicKey }],
    now,
  })
  t.match(other.firstProblem, { check: 'trust', why: /has the name of a pinned root but another key/ })
  t.match(explain(Buffer.from(whole('rac')), { trustRoots: [], now }).firstProblem, {
    check: 'trust',
    why: /LAB DRM Root Mode 1.*pinned is nothing/,
  })
})

t.test('documents are found in every encoding and in whatever carries them', async (t) => {
  const chain = whole('clientPl')
  const escaped = chain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const certificates = [lab.text.clientPl, lab.text.clc, ...lab.slcChain.map(({ text }) => text)]
    .map((text) => `<Certificate>${text}</Certificate>`)
    .join('')
  const envelope = (inner: string): string =>
    `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><R xmlns="urn:r">${inner}</R></s:Body></s:Envelope>`
  const carriers: Readonly<Record<string, Buffer>> = {
    'UTF-8 with marks': Buffer.from(`\uFEFF<?xml version="1.0"?>${chain}`),
    'UTF-16LE': Buffer.from(`${chain}\0`, 'utf16le'),
    'base64 of UTF-16LE': Buffer.from(Buffer.from(chain, 'utf16le').toString('base64')),
    escaped: Buffer.from(escaped),
    'a SOAP message': Buffer.from(envelope(certificates)),
    'a SOAP message with escaped text': Buffer.from(envelope(`<string>${escaped}</string>`)),
    'a protected file': Buffer.concat([
      Buffer.from('.pfile\x03\0\0\0'),
      Buffer.alloc(40, 0x90),
      Buffer.from(`\uFEFF<?xml version="1.0"?>${chain}`),
      Buffer.from('fffe00d8c3281f8b', 'hex'),
    ]),
    'a protected file with UTF-16LE': Buffer.concat([
      Buffer.from('d0cf11e0a1b11ae1', 'hex'),
      Buffer.from(chain, 'utf16le'),
      Buffer.alloc(9, 0xff),
    ]),
  }
  for (const [name, bytes] of Object.entries(carriers)) {
    const found = explain(bytes, { trustRoots, now })
    t.equal(found.firstProblem, undefined, name)
    t.same(
      found.documents.map(({ kind }) => kind),
      ['PL', 'CLC', 'SLC', 'SLC', 'CA', 'CA'],
      name,
    )
  }
})

t.test('too much is refused', async (t) => {
  t.throws(() => look('<XrML></XrML>'.repeat(101)), RangeError)
  t.throws(() => look(`<XrML>${' '.repeat(4 * 1024 * 1024)}</XrML>`), RangeError)
  t.match(look(`<XrML><BODY>${'<a>'.repeat(200)}`).firstProblem, { check: 'form', why: /deeper/ })
})

t.test('long runs cost no more than their length', { timeout: 30_000 }, async (t) => {
  const long = 1_000_000
  const bodies = [
    `<BODY${' '.repeat(long)}/>`,
    `<BODY xmlns=""${' '.repeat(long)}a=""/>`,
    `<BODY><${'a'.repeat(long)}>b</${'a'.repeat(long)}></BODY>`,
    `<BODY>${'> '.repeat(long / 2)}</BODY>`,
  ]
  for (const body of bodies) t.ok(look(`<XrML xmlns="">${body}</XrML>`).firstProblem)
  for (const run of ['&lt;XrML', '&lt;/XrML', '<XrM', '\0', '&'])
    t.ok(look(`x${run.repeat(long / run.length)}x`).firstProblem, run)
  t.throws(() => look('&lt;XrML '.repeat(long / 9)), RangeError)
})

t.test('whatever is done to the bytes of a chain, it is explained', async () => {
  const bytes = Buffer.from(whole('rac'))
  const edit = fc.record({ at: fc.nat(bytes.length - 1), remove: fc.nat(40), insert: fc.uint8Array({ maxLength: 6 }) })
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      const changed = edits.reduce<Buffer>(
        (left, { at, remove, insert }) => Buffer.concat([left.subarray(0, at), insert, left.subarray(at + remove)]),
        bytes,
      )
      const found = explain(changed, { trustRoots, now })
      return found.firstProblem !== undefined || changed.equals(bytes) || found.documents.every(({ ok }) => ok)
    }),
    { numRuns: 60 },
  )
})
