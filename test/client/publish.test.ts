import t from 'tap'
import { openAccount, type Account } from '../../src/client/account.js'
import type { ClientContext } from '../../src/client/context.js'
import { verifyLicense } from '../../src/client/license.js'
import { activate, readyMachine, type Machine } from '../../src/client/machine.js'
import { openLicense, OutsideValidTime } from '../../src/client/open.js'
import { decryptFile, readProtectedFile } from '../../src/client/open-file.js'
import { readPlChain } from '../../src/client/pl-chain.js'
import { protectBytes, protectChunks } from '../../src/client/protect-file.js'
import { publish } from '../../src/client/publish.js'
import { openPublisher, type Publisher } from '../../src/client/publisher.js'
import { verifyChainToRoot, VerificationFailed } from '../../src/client/verify.js'
import { generateKeyPair } from '../../src/crypto/keys.js'
import { createSigner } from '../../src/crypto/signer.js'
import { systemClock, systemRandom } from '../../src/effects.js'
import type { Principal } from '../../src/xrml/body.js'
import { checkChain } from '../../src/xrml/chain.js'
import { readOneDocument, type XrmlDocument } from '../../src/xrml/document.js'
import { labTrustRoot } from '../../src/xrml/lab-hierarchy.js'
import { readPl } from '../../src/xrml/pl.js'
import { decryptRightsData, readRightsData } from '../../src/xrml/rights-data.js'
import { addSeconds } from '../../src/xrml/times.js'
import { issueClc, issueRac, issueTemplate, issueUl, makeIssuer, now, openPl, type Issuer } from './lab-issuer.js'

const licensingUrl = 'http://rms.contoso.test/_wmcs/licensing'
const guid = '{11111111-2222-4333-8444-555555555555}'

interface Lab {
  readonly issuer: Issuer
  readonly machine: Machine
  readonly account: Account
  readonly publisher: Publisher
  readonly context: ClientContext
}

async function makeLab(mode: 1 | 2): Promise<Lab> {
  const trustRoots = [labTrustRoot(mode)]
  const context = { credentials: undefined, trustRoots, clock: systemClock, random: systemRandom }
  const issuer = await makeIssuer(mode)
  const machine = readyMachine(`alice-pc-mode${mode}`)
  const account = await openAccount(await issueRac(issuer, machine.chain[0] as XrmlDocument), machine, trustRoots)
  const publisher = await openPublisher(await issueClc(issuer, account.rac.account, licensingUrl), account, trustRoots)
  return { issuer, machine, account, publisher, context }
}

/** The sizes that genuine certificates have, in bytes of ENABLINGBITS. */
const sizes = { 1: { rac: 768, pl: 192 }, 2: { rac: 1488, pl: 336 } } as const

const labs = { 1: await makeLab(1), 2: await makeLab(2) } as const
const refused = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )
const changed = (document: XrmlDocument, from: string, to: string): XrmlDocument =>
  readOneDocument(document.text.replace(from, to))

for (const mode of [1, 2] as const) {
  const { issuer, account, publisher, context, machine } = labs[mode]
  const expected = sizes[mode]

  t.test(`mode ${mode}: a new machine verifies up to the lab root, and to no other`, async (t) => {
    const made = await activate({ mode, name: 'a new machine' })
    t.equal(checkChain(made.chain).why, undefined)
    t.equal(made.chain.length, 5)
    t.equal(made.mode, mode)
    t.equal(made.key.publicKey.bits, mode === 1 ? 1024 : 2048)
    t.equal(verifyChainToRoot(made.chain, labTrustRoot(mode)).length, 5)
    t.throws(() => verifyChainToRoot(made.chain, labTrustRoot(mode === 1 ? 2 : 1)), {
      name: 'VerificationFailed',
      why: /LAB DRM Root Mode/,
    })
    t.throws(
      () => verifyChainToRoot(made.chain.slice(0, 3), labTrustRoot(mode)),
      { name: 'VerificationFailed' },
      'a chain that ends early',
    )
  })

  t.test(`mode ${mode}: RAC and CLC give their private keys, sealed in the genuine sizes`, (t) => {
    t.equal(account.key.publicKey.modulus, account.rac.account.publicKey?.modulus)
    t.equal(publisher.key.publicKey.modulus, publisher.clc.account.publicKey?.modulus)
    t.equal(account.mail, 'alice@contoso.test')
    t.equal(account.rac.enablingBits?.bytes.length, expected.rac)
    t.equal(publisher.clc.enablingBits.bytes.length, expected.rac)
    t.end()
  })

  t.test(`mode ${mode}: what is published offline can be read by the server and by nobody in between`, async (t) => {
    const until = addSeconds(now, 7 * 86_400)
    const published = await publish(context, account, publisher, {
      rights: [
        { to: 'bob@contoso.test', rights: ['VIEW', 'PRINT'], until },
        { to: 'ANYONE', rights: ['VIEW'], days: 3 },
      ],
      referral: 'alice@contoso.test',
      name: 'Plan <A> & more',
      validUntil: until,
      applicationData: [{ name: 'Allow_Server_Editing', value: 'True' }],
    })
    t.equal(checkChain(published.pl).why, undefined)
    t.same(
      published.pl.map((document) => document.kind),
      ['PL', 'CLC'],
    )
    t.equal(checkChain([...published.pl, ...issuer.chain]).why, undefined, 'the chain up to the root')

    const document = readPlChain(Buffer.from(`\uFEFF${published.text}`, 'utf16le'))[0] as XrmlDocument
    const pl = readPl(document)
    t.equal(pl.licensingUrl, licensingUrl)
    t.equal(pl.owner?.name, 'alice@contoso.test')
    t.equal(pl.contentId?.id, published.contentId)
    t.equal(pl.enablingBits.bytes.length, expected.pl)
    t.match(pl.verbatim.referralInfo, 'alice@contoso.test')
    t.match(document.body.descriptor?.name, 'LCID 1033:NAME Plan <A> & more:DESCRIPTION ;\n')
    t.same(pl.validity?.until, until)

    const key = await openPl(issuer, document)
    t.same(key, published.contentKey)
    t.equal(key.cipherMode, 'CBC4K')
    const policy = readRightsData(decryptRightsData(pl.encryptedRightsData, key.key))
    t.same(
      policy.grants.map(({ right, principal, range, days }) => [
        right,
        principal.idType,
        principal.name ?? principal.id,
        range?.until,
        days,
      ]),
      [
        ['VIEW', 'Unspecified', 'bob@contoso.test', until, undefined],
        ['PRINT', 'Unspecified', 'bob@contoso.test', until, undefined],
        ['VIEW', 'Internal', 'ANYONE', undefined, 3],
        ['OWNER', 'Internal', 'Owner', undefined, undefined],
      ],
    )
    t.match(policy.applicationData, [{ name: 'Allow_Server_Editing', value: 'True' }])
    const stranger = { ...issuer, signer: createSigner('openssl', await generateKeyPair(issuer.rules.keyBits)) }
    t.match(await refused(openPl(stranger, document)), { name: 'SealBroken' })
  })

  t.test(`mode ${mode}: a template goes into the rights data to the letter`, async (t) => {
    const template = await issueTemplate(issuer, guid)
    const published = await publish(context, account, publisher, { template })
    const pl = readPl(published.pl[0] as XrmlDocument)
    const text = decryptRightsData(pl.encryptedRightsData, published.contentKey.key)
    t.equal(text, template)
    t.match(text, /^<\?xml version="1\.0"\?><XrML/)
    t.equal(checkChain([readOneDocument(text), ...issuer.chain]).why, undefined)
    t.equal(readRightsData(text).templateGuid, guid)
    t.equal(published.pl[0]?.body.descriptor?.id, guid)

    const other = await issueTemplate(await makeIssuer(mode), guid)
    t.match(await refused(publish(context, account, publisher, { template: other })), {
      name: 'VerificationFailed',
      document: 'template',
    })
    const raised = template.replace('<VIEW>', '<EDIT>').replace('</VIEW>', '</EDIT>')
    t.match(await refused(publish(context, account, publisher, { template: raised })), {
      name: 'VerificationFailed',
      why: /digest/,
    })
  })

  t.test(`mode ${mode}: the owner's own license opens without a server`, async (t) => {
    const { pl, ownerLicense, contentKey } = await publish(context, account, publisher, { rights: [] })
    t.equal(verifyChainToRoot(ownerLicense.chain, context.trustRoots).length, 6)
    t.equal(ownerLicense.ul.enablingBits.bytes.length, expected.pl)
    const opened = await openLicense(ownerLicense, account, new Date(), pl[0])
    t.same(opened.contentKey, contentKey)
    t.same(opened.rights, ['OWNER'])
  })

  t.test(`mode ${mode}: a server's license opens for its account, and only while its rights hold`, async (t) => {
    const { pl, contentKey } = await publish(context, account, publisher, { rights: [] })
    const leaf = pl[0] as XrmlDocument
    const holder = account.rac.account
    const chain = await issueUl(issuer, leaf, holder, {
      rights: [
        { right: 'VIEW', days: 2 },
        { right: 'PRINT', range: { from: now, until: addSeconds(now, 3600) }, days: 2 },
        { right: 'EDIT', range: { from: addSeconds(now, 7200), until: addSeconds(now, 9000) } },
      ],
    })
    const license = verifyLicense(chain, { contentId: readPl(leaf).contentId, account: holder }, context.trustRoots)
    const opened = await openLicense(license, account, now, leaf)
    t.same(opened.contentKey, contentKey)
    t.same(opened.rights, ['VIEW', 'PRINT'])
    t.same((await openLicense(license, account, addSeconds(now, 3600), leaf)).rights, ['VIEW'], 'an end is exclusive')
    t.same(
      (await openLicense(license, account, addSeconds(now, 7200), leaf)).rights,
      ['VIEW', 'EDIT'],
      'a beginning is inclusive',
    )
    const late = await refused(openLicense(license, account, addSeconds(now, 2 * 86_400), leaf))
    t.ok(late instanceof OutsideValidTime)
    t.match(late, { message: /VIEW until .*PRINT from .* until .*EDIT from/ })
  })

  t.test(`mode ${mode}: certificates that were changed, mixed up or made for others are refused`, async (t) => {
    const { trustRoots } = context
    const spc = machine.chain[0] as XrmlDocument
    const rac = await issueRac(issuer, spc)
    const [leaf, ...above] = rac as [XrmlDocument, ...XrmlDocument[]]
    const account2 = (documents: readonly XrmlDocument[], on = machine): Promise<unknown> =>
      refused(openAccount(documents, on, trustRoots))
    const failed = (why: RegExp): object => ({ name: 'VerificationFailed', why })

    t.match(
      await account2([changed(leaf, 'alice@contoso.test', 'boss@contoso.test'), ...above]),
      failed(/document 1 \(RAC\): the digest/),
    )
    t.match(
      await account2([leaf, changed(above[0] as XrmlDocument, '6.3.0.0', '9.3.0.0'), ...above.slice(1)]),
      failed(/document 2 \(SLC\): the digest/),
    )
    t.match(
      await account2([leaf, ...(await makeIssuer(mode)).chain]),
      failed(/document 1 \(RAC\): the key in the ISSUER/),
    )
    t.match(await account2([leaf]), failed(/its chain ends at/))
    t.match(await account2(rac, readyMachine(`bob-pc-mode${mode}`)), failed(/was issued for machine/))
    t.match(await account2(await issueRac(issuer, spc, { precertified: true })), failed(/no private key/))
    t.match(await account2(await issueRac(issuer, spc, { sealedTo: '<ISSUER />' })), failed(/another document/))
    const foreign = await generateKeyPair(issuer.rules.keyBits)
    t.match(
      await account2(await issueRac(issuer, spc, { sealedKey: foreign })),
      failed(/does not belong to its public key/),
    )

    const bob: Principal = (
      await issueRac(issuer, spc, {
        account: { type: 'Group-Identity', idType: 'Windows', id: 'S-1-5-21-1-2-3-1002', name: 'bob@contoso.test' },
      })
    )[0]?.body.issuedPrincipal as Principal
    t.match(
      await refused(openPublisher(await issueClc(issuer, bob, licensingUrl), account, trustRoots)),
      failed(/was issued to "S-1-5-21-1-2-3-1002"/),
    )

    const { pl } = await publish(context, account, publisher, { rights: [] })
    const other = await publish(context, account, publisher, { rights: [] })
    const content = pl[0] as XrmlDocument
    const expected = { contentId: readPl(content).contentId, account: account.rac.account }
    const license = async (
      changes: Parameters<typeof issueUl>[3] = {},
      holder = account.rac.account,
    ): Promise<unknown> => {
      const chain = await issueUl(issuer, content, holder, changes)
      return refused(
        Promise.resolve().then(() => openLicense(verifyLicense(chain, expected, trustRoots), account, now, content)),
      )
    }
    t.equal(await license(), undefined)
    t.match(await license({}, bob), failed(/is for the account "bob@contoso.test"/))
    t.match(
      await license({ contentObject: readPl(other.pl[0] as XrmlDocument).verbatim.contentObject }),
      failed(/is for the content/),
    )
    t.match(await license({ sealedTo: '<ISSUER />' }), failed(/another document/))
    t.match(await license({ contentKey: other.contentKey }), failed(/cannot be decrypted/))
  })
}

t.test('a file comes back as it was, whole or streamed', async (t) => {
  const { context, account, publisher } = labs[2]
  const published = await publish(context, account, publisher, { rights: [] })
  const forEcb = await publish(context, account, publisher, { rights: [] }, { cipherMode: 'ECB' })
  for (const size of [0, 1, 15, 16, 4095, 4096, 4097, 20_000]) {
    const plain = systemRandom.bytes(size)
    const bytes = protectBytes(published, '.txt', plain)
    const { pfile, pl } = readProtectedFile(bytes)
    t.equal(pfile.extension, '.txt')
    t.same(
      pl.map((document) => document.text),
      published.pl.map((document) => document.text),
    )
    t.ok(decryptFile(pfile, published.contentKey).equals(plain), `${size} bytes`)
    t.ok(
      decryptFile(readProtectedFile(protectBytes(forEcb, '', plain)).pfile, forEcb.contentKey).equals(plain),
      `${size} bytes in ECB`,
    )
    const streamed: Buffer[] = []
    for await (const chunk of protectChunks(published, '.txt', size, [plain.subarray(0, 5), plain.subarray(5)]))
      streamed.push(chunk)
    t.ok(Buffer.concat(streamed).equals(bytes), `${size} bytes, streamed`)
  }
})

t.test('a file that was changed or cut is refused', async (t) => {
  const { context, account, publisher } = labs[2]
  const published = await publish(context, account, publisher, { rights: [] })
  const bytes = protectBytes(published, '.txt', Buffer.alloc(4096, 'x'))
  const swapped = Buffer.from(bytes)
  swapped.write('mallory', bytes.indexOf('alice@contoso.test'))
  t.throws(() => readProtectedFile(swapped), { name: 'VerificationFailed', document: 'PL of the file' })
  t.throws(() => decryptFile(readProtectedFile(bytes.subarray(0, -16)).pfile, published.contentKey), {
    name: 'VerificationFailed',
    document: 'content of the file',
  })
  const { pfile } = readProtectedFile(bytes)
  t.throws(() => decryptFile({ ...pfile, originalSize: 4000 }, published.contentKey), {
    name: 'VerificationFailed',
    why: /4096 bytes, the header says 4000/,
  })
  const foreign = { ...published.contentKey, key: systemRandom.bytes(16) }
  t.throws(() => decryptFile(readProtectedFile(bytes).pfile, foreign), {
    name: 'VerificationFailed',
    document: 'content of the file',
  })
  t.throws(
    () =>
      protectBytes(
        { ...published, contentKey: { ...published.contentKey, cipherMode: 'CBC512.NOPADDING' } },
        '',
        Buffer.alloc(0),
      ),
    RangeError,
  )
  await t.rejects(
    async () => {
      for await (const chunk of protectChunks(published, '', 3, [Buffer.alloc(4)])) void chunk
    },
    { message: /4 bytes, announced were 3/ },
  )
})

t.test('rights that make no sense are refused with the value', async (t) => {
  const { context, account, publisher } = labs[2]
  const attempt = (entry: object): Promise<unknown> =>
    refused(publish(context, account, publisher, { rights: [{ to: 'bob@contoso.test', rights: ['VIEW'], ...entry }] }))
  t.match(await attempt({ to: 'bob' }), { name: 'RangeError', message: /"bob" is neither/ })
  t.match(await attempt({ days: 0 }), { name: 'RangeError', message: /0 is not a whole number/ })
  t.match(await attempt({ until: new Date() }), { name: 'RangeError', message: /at least a minute/ })
  t.match(await attempt({ rights: ['VIEW', ' '] }), { name: 'RangeError', message: /without name/ })
  t.match(await attempt({ rights: ['VIEW', 'VIEEW'] }), {
    name: 'RangeError',
    message: /Rights of bob@contoso\.test: nobody knows "VIEEW"\. Did you mean VIEW\? .*anyRight/,
  })
  t.match(await attempt({ rights: ['view'] }), { name: 'RangeError', message: /Did you mean VIEW\?/ })
  t.match(await attempt({ rights: ['Contoso.Approve'] }), { name: 'RangeError', message: /Known are OWNER, VIEW/ })
  const early = { ...context, clock: { ...context.clock, now: () => new Date('2020-01-01T00:00Z') } }
  t.match(await refused(publish(early, account, publisher, { rights: [] })), {
    name: 'RangeError',
    message: /clock of this client says 2020-01-01T00:00, its licensor certificate may publish from /,
  })
  const custom = { rights: [{ to: 'bob@contoso.test', rights: ['Contoso.Approve'] }], anyRight: true }
  t.ok(await publish(context, account, publisher, custom))
  t.match(await refused(publish(context, account, publisher, { template: 'read only' })), {
    name: 'RangeError',
    message: /"read only" is no template/,
  })
  t.match(await refused(publish(context, account, publisher, { rights: [], validUntil: new Date(0) })), {
    name: 'RangeError',
    message: /The content/,
  })
})

t.test('content can have ended, or not have begun, where that is asked for', async (t) => {
  const { context, account, publisher } = labs[2]
  const validityOf = async (times: object): Promise<unknown> => {
    const { pl } = await publish(context, account, publisher, { rights: [], ...times })
    return readPl(pl[0] as XrmlDocument).validity
  }
  const [from, until] = [new Date('2031-02-03T04:05:00Z'), new Date('2032-02-03T04:05:00Z')]
  const past = new Date('2001-02-03T04:05:00Z')
  t.equal(await validityOf({}), undefined)
  t.same(await validityOf({ validFrom: from, validUntil: until }), { from, until })
  t.same(await validityOf({ validFrom: from }), { from, until: new Date('9999-12-31T23:59:00Z') })
  t.same(await validityOf({ validUntil: past, anyTime: true }), { from: addSeconds(past, -86_400), until: past })
  t.same(await validityOf({ validFrom: new Date(0), validUntil: past, anyTime: true }), {
    from: new Date(0),
    until: past,
  })
  t.match(await refused(validityOf({ validUntil: past })), { name: 'RangeError', message: /needs \{ anyTime: true \}/ })
  t.match(await refused(validityOf({ validFrom: until, validUntil: from })), {
    name: 'RangeError',
    message: /the end 2031.* must be at least a minute after the beginning, 2032/,
  })
  t.match(await refused(validityOf({ validFrom: past, validUntil: past, anyTime: true })), { name: 'RangeError' })
  const ended = { to: 'bob@contoso.test', rights: ['VIEW'], until: past }
  t.match(await refused(publish(context, account, publisher, { rights: [ended] })), { name: 'RangeError' })
  t.ok(await publish(context, account, publisher, { rights: [ended], anyTime: true }))
})

t.test('what is no publishing license is refused', (t) => {
  const { account } = labs[2]
  for (const source of [
    '',
    'hello',
    '<XrML',
    '<XrML />',
    account.chain.map((document) => document.text).join(''),
    Buffer.from([0xff, 0xff, 0xff]),
  ]) {
    t.throws(() => readPlChain(source), VerificationFailed)
  }
  t.end()
})
