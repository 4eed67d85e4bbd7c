import t from 'tap'
import { readKeyBlob } from '../../src/crypto/content-key.js'
import { readPrivateKeyBlob } from '../../src/crypto/private-key-blob.js'
import { unseal } from '../../src/crypto/seal.js'
import { createSigner, type Signer } from '../../src/crypto/signer.js'
import { securityLevel } from '../../src/xrml/body.js'
import { checkChain } from '../../src/xrml/chain.js'
import { readClc } from '../../src/xrml/clc.js'
import { decodeDocuments, readDocuments, readOneDocument, type XrmlDocument } from '../../src/xrml/document.js'
import { labTrustRoot } from '../../src/xrml/lab-hierarchy.js'
import { readPl } from '../../src/xrml/pl.js'
import { readRac } from '../../src/xrml/rac.js'
import { decryptRightsData, readRightsData } from '../../src/xrml/rights-data.js'
import { checkSignature, signDocument } from '../../src/xrml/signature.js'
import { readSpc } from '../../src/xrml/spc.js'
import { readDescriptorName } from '../../src/xrml/template.js'
import { readUl } from '../../src/xrml/ul.js'
import { asMarkup } from '../../src/xml/write.js'
import { contentKey, issuedTime, makeLab, racRange, tagsOf, treeOf, type Lab } from './lab.js'
import { readVector, skipWithoutVectors, vectorNames } from './vectors.js'

const pk = 'PUBLICKEY(ALGORITHM PARAMETER(VALUE))'
const bits = 'ENABLINGBITS(VALUE)'
const range = 'RANGETIME(FROM UNTIL)'
const server = 'OBJECT(ID NAME ADDRESS)'
const user = 'OBJECT(ID NAME)'
const point = 'DISTRIBUTIONPOINT(OBJECT(ID NAME ADDRESS))'
const referral = 'DISTRIBUTIONPOINT(OBJECT(ID ADDRESS))'
const workObjects = `OBJECT(ID) METADATA(OWNER(${user}))`
const issueWork = (access: string): string =>
  `WORK(OBJECT(ID) RIGHTSGROUP(RIGHTSLIST(RIGHT(CONDITIONLIST(TIME(${range}) ACCESS(${access}))))))`
const plHead = 'BODY(ISSUEDTIME VALIDITYTIME(FROM UNTIL) DESCRIPTOR(OBJECT(ID NAME))'

/** Element trees of genuine documents, drawn from the specification and the certificates beside it. */
const trees: Readonly<Record<keyof Lab['text'], string>> = {
  slc: `BODY(ISSUEDTIME DESCRIPTOR(OBJECT(ID)) ISSUER(${user} ${pk}) ISSUEDPRINCIPALS(PRINCIPAL(${server} ${pk} SECURITYLEVEL)) ${issueWork('PRINCIPAL')})`,
  rac: `BODY(ISSUEDTIME VALIDITYTIME(FROM UNTIL) DESCRIPTOR(OBJECT(ID)) ISSUER(${server} ${pk} SECURITYLEVEL) ${point} ISSUEDPRINCIPALS(PRINCIPAL(${user} ${pk} SECURITYLEVEL)) FEDERATIONPRINCIPALS(PRINCIPAL(${user} ${bits} SECURITYLEVEL)))`,
  precertified: `BODY(ISSUEDTIME VALIDITYTIME(FROM UNTIL) DESCRIPTOR(OBJECT(ID)) ISSUER(${server} ${pk} SECURITYLEVEL) ${point} ISSUEDPRINCIPALS(PRINCIPAL(${user} ${pk} SECURITYLEVEL)))`,
  clc: `BODY(ISSUEDTIME DESCRIPTOR(OBJECT(ID)) ISSUER(${server} ${pk} SECURITYLEVEL) ${point} ISSUEDPRINCIPALS(PRINCIPAL(${user} ${pk})) ${issueWork(`PRINCIPAL(${bits})`)})`,
  clientPl: `${plHead} ISSUER(${user} ${pk} SECURITYLEVEL) ${point} ISSUEDPRINCIPALS(PRINCIPAL(${server} ${pk} SECURITYLEVEL ${bits})) ${referral} WORK(${workObjects}) AUTHENTICATEDDATA)`,
  serverPl: `${plHead} ISSUER(${server} ${pk} SECURITYLEVEL) ${point} ${referral} ISSUEDPRINCIPALS(PRINCIPAL(${server} ${pk} ${bits} SECURITYLEVEL)) WORK(${workObjects}) AUTHENTICATEDDATA)`,
  unsignedPl: `${plHead} ISSUEDPRINCIPALS(PRINCIPAL(${server} ${pk} SECURITYLEVEL ${bits})) ${referral} WORK(${workObjects}) AUTHENTICATEDDATA)`,
  ul: `BODY(ISSUEDTIME DESCRIPTOR(OBJECT(ID)) ISSUER(${server} ${pk} SECURITYLEVEL) ISSUEDPRINCIPALS(PRINCIPAL(${user} ${pk})) ${referral} WORK(${workObjects} RIGHTSGROUP(RIGHTSLIST(VIEW(CONDITIONLIST(ACCESS(PRINCIPAL(${bits})) TIME(${range}))) RIGHT(CONDITIONLIST(ACCESS(PRINCIPAL(${bits})) TIME(INTERVALTIME)))))))`,
  ownerUl: `BODY(ISSUEDTIME DESCRIPTOR(OBJECT(ID)) ISSUER(${user} ${pk}) ISSUEDPRINCIPALS(PRINCIPAL(${user} ${pk} SECURITYLEVEL)) ${referral} WORK(${workObjects} RIGHTSGROUP(RIGHTSLIST(RIGHT(ACCESS(PRINCIPAL(${bits})))))))`,
  template:
    `BODY(ISSUEDTIME DESCRIPTOR(OBJECT(ID NAME)) ISSUER(${server} ${pk}) ${point} ${referral} WORK(OBJECT(ID) RIGHTSGROUP(RIGHTSLIST(RIGHT(CONDITIONLIST(ACCESS(PRINCIPAL(${user.replace(' NAME', '')})))) VIEW(CONDITIONLIST(ACCESS(PRINCIPAL(${user})) TIME(INTERVALTIME))))) ) AUTHENTICATEDDATA)`.replace(
      ') ) A',
      ')) A',
    ),
}

const serverRoot = '<XrML xmlns="" version="1.2">'
const clientRoot = '<XrML version="1.2" xmlns="">'
const serverUlRoot = '<XrML xmlns="" version="1.2" purpose="Content-License">'
const clientUlRoot = '<XrML version="1.2" xmlns="" purpose="Content-License">'
/** Start tag, first child of SIGNATURE. */
const surfaces: Readonly<Record<keyof Lab['text'], readonly [string, string | undefined]>> = {
  slc: [serverRoot, 'DIGEST'],
  rac: [serverRoot, 'DIGEST'],
  precertified: [serverRoot, 'DIGEST'],
  clc: [serverRoot, 'DIGEST'],
  clientPl: [clientRoot, 'ALGORITHM'],
  serverPl: [serverRoot, 'DIGEST'],
  unsignedPl: [clientRoot, undefined],
  ul: [serverUlRoot, 'DIGEST'],
  ownerUl: [clientUlRoot, 'ALGORITHM'],
  template: [`<?xml version="1.0"?>${serverRoot}`, 'DIGEST'],
}

async function opens(
  signer: Signer,
  field: { readonly type: string; readonly bytes: Buffer },
  tiedTo: string,
): Promise<Buffer> {
  const opened = await unseal(signer, field.type, field.bytes)
  if (!opened.belongsTo(tiedTo)) throw new Error('the inner hash is that of another text')
  return opened.payload
}

const issuerText = (document: XrmlDocument): string => document.body.issuer?.source ?? ''

for (const mode of [1, 2] as const) {
  const lab = await makeLab(mode)
  const { text, principals, signers } = lab
  const documents = Object.fromEntries(
    Object.entries(text).map(([name, source]) => [name, readOneDocument(source)]),
  ) as Record<keyof Lab['text'], XrmlDocument>
  const keySize = mode === 1 ? 192 : 336
  const privateKeySize = mode === 1 ? 768 : 1488

  t.test(`mode ${mode}: every document verifies, has its tree and its surface`, async (t) => {
    for (const name of Object.keys(text) as (keyof Lab['text'])[]) {
      const document = documents[name]
      const [root, first] = surfaces[name]
      const check = checkSignature(document)
      t.equal(check.ok, name !== 'unsignedPl', name)
      t.equal(check.repaired, false)
      t.equal(treeOf(document.body.element), trees[name], `tree of ${name}`)
      t.ok(text[name].startsWith(`${root}<BODY type="`), `start of ${name}`)
      t.equal(document.signature?.children[0]?.name, first)
      t.notMatch(text[name], /[^\s]\/>|>[ \t\r\n]+<|\r/, 'no white space between tags, one blank in <X />, no CR')
      t.match(document.body.issuedTime, issuedTime)
      if (first !== undefined) t.equal(check.digest.algorithm, lab.rules.hash)
    }
  })

  t.test(`mode ${mode}: principals are numbered where genuine ones are`, async (t) => {
    const principals = (name: keyof Lab['text']): readonly string[] =>
      [...text[name].matchAll(/<PRINCIPAL[^>]*>/g)].map(([tag]) => tag)
    const numbered = '<PRINCIPAL internal-id="1">'
    t.same(principals('rac'), [numbered, '<PRINCIPAL>'])
    t.same(principals('clc'), [numbered, numbered])
    t.same(principals('slc'), [numbered, '<PRINCIPAL internal-id="1" />'])
    t.same(principals('clientPl'), [numbered])
    t.same(principals('ul'), [numbered, numbered, numbered])
    t.match(lab.machineChain[0]?.text, '<PRINCIPAL><OBJECT type="Machine-Unique-Identifier">')
  })

  t.test(`mode ${mode}: no start tag that genuine documents of the kind do not have`, skipWithoutVectors, async (t) => {
    const genuine = vectorNames().flatMap((name) => readDocuments(decodeDocuments(readVector(name))))
    // What our samples have and the genuine ones happen not to have: two conditions, and names in the specification only.
    const besides = new Set([
      'RIGHT name',
      'INTERVALTIME days',
      'AUTHENTICATEDDATA id name',
      'OBJECT',
      'NAME',
      'ADDRESS type',
      'CONDITIONLIST',
      'TIME',
      'RANGETIME',
      'FROM',
      'UNTIL',
      'VALIDITYTIME',
      'DESCRIPTOR',
    ])
    const [machine] = lab.machineChain
    if (machine === undefined) throw new Error('certs/ is incomplete')
    for (const document of [
      machine,
      documents.slc,
      documents.rac,
      documents.clc,
      documents.clientPl,
      documents.serverPl,
      documents.ul,
      documents.ownerUl,
    ]) {
      const known = new Set(
        genuine.filter(({ kind }) => kind === document.kind).flatMap(({ body }) => [...tagsOf(body.element)]),
      )
      t.same(
        [...tagsOf(document.body.element)].filter((tag) => !known.has(tag) && !besides.has(tag)),
        [],
        document.kind,
      )
    }
  })

  t.test(`mode ${mode}: chains lead to the lab root, and each document may be issued by the next`, async (t) => {
    const clcChain = [documents.clc, ...lab.slcChain]
    for (const name of ['rac', 'precertified', 'clc', 'serverPl', 'ul', 'template'] as const)
      t.same(checkChain([documents[name], ...lab.slcChain]).why, undefined, name)
    for (const name of ['clientPl', 'ownerUl'] as const)
      t.same(checkChain([documents[name], ...clcChain]).why, undefined, name)
    t.same(checkChain(lab.machineChain).why, undefined, 'machine')
    for (const chain of [lab.slcChain, lab.machineChain]) {
      t.equal(chain.at(-1)?.body.issuer?.publicKey?.modulus, labTrustRoot(mode).publicKey.modulus)
      t.equal(chain.at(-1)?.body.issuer?.object?.id, labTrustRoot(mode).name)
    }
  })

  t.test(`mode ${mode}: RAC and CLC give back what went in, and their sealed keys open`, async (t) => {
    const rac = readRac(documents.rac)
    t.match(rac, {
      validity: racRange,
      account: {
        object: { type: 'Group-Identity', idType: 'Windows', id: 'S-1-5-21-1-2-3-1001', name: 'alice@contoso.test' },
      },
    })
    t.equal(rac.account.publicKey?.modulus, lab.keys.rac.publicKey.modulus)
    t.equal(securityLevel(rac.account, 'Group-Identity-Credential-Type'), 'Persistent')
    t.same(
      rac.machine?.securityLevels.map(({ name }) => name),
      ['Manufacturer', 'Platform', 'Repository'],
    )
    t.equal(
      rac.machine?.object?.source,
      lab.machineChain[0]?.body.issuedPrincipal?.object?.source,
      'the machine is copied to the letter',
    )
    t.equal(rac.enablingBits?.bytes.length, privateKeySize)
    if (rac.enablingBits === undefined) throw new Error('no sealed key')
    const racKey = readPrivateKeyBlob(await opens(signers.machine, rac.enablingBits, issuerText(documents.rac)))
    t.equal(racKey.publicKey.modulus, lab.keys.rac.publicKey.modulus)
    t.match(readRac(documents.precertified), { machine: undefined, enablingBits: undefined })

    const clc = readClc(documents.clc)
    t.equal(clc.licensingUrl, 'http://rms.contoso.test/_wmcs/licensing')
    t.equal(clc.extranetLicensingUrl, 'https://rms.example.test/_wmcs/licensing')
    t.equal(clc.enablingBits.bytes.length, privateKeySize)
    t.equal(clc.account.object?.source, rac.account.object?.source)
    const clcKey = readPrivateKeyBlob(
      await opens(createSigner('forge', racKey), clc.enablingBits, issuerText(documents.clc)),
    )
    t.equal(clcKey.publicKey.modulus, clc.account.publicKey?.modulus)
    t.equal(documents.clc.body.issuer?.securityLevels.length, 2, 'the server is copied with its levels')
  })

  t.test(`mode ${mode}: publishing licenses in all three forms`, async (t) => {
    for (const name of ['clientPl', 'serverPl', 'unsignedPl'] as const) {
      const pl = readPl(documents[name])
      t.equal(pl.enablingBits.bytes.length, keySize)
      t.same(
        readKeyBlob(await opens(signers.slc, pl.enablingBits, pl.sealedTo)),
        { key: contentKey, cipherMode: 'CBC4K' },
        name,
      )
      t.match(pl, {
        validity: racRange,
        owner: { idType: 'Windows', name: 'alice@contoso.test' },
        contentId: { id: '{11111111-2222-3333-4444-555555555555}' },
      })
      t.equal(pl.verbatim.metadata, String(lab.plFields.work[1]))
      t.equal(pl.verbatim.descriptor, String(lab.plFields.descriptor))
      t.equal(pl.verbatim.referralInfo, String(lab.plFields.referralInfo))
      t.equal(pl.issuer === undefined, name === 'unsignedPl')
      t.equal(pl.licensingUrl, name === 'unsignedPl' ? undefined : lab.plFields.licensingUrl)
      t.same(
        pl.otherData.map(({ name: key, value }) => [key, value]),
        [['k', 'v']],
      )
      t.equal(decryptRightsData(pl.encryptedRightsData, contentKey), lab.rightsData)
    }
    t.match(readDescriptorName(documents.clientPl.body.descriptor?.name ?? ''), [
      { lcid: 1033, name: 'Žluť & Co', description: '𝒳' },
    ])
  })

  t.test(`mode ${mode}: rights data, use licenses and template give back what went in`, async (t) => {
    t.match(readRightsData(lab.rightsData), {
      official: false,
      templateGuid: undefined,
      owner: { name: 'alice@contoso.test' },
      precondition: { range: racRange, days: undefined },
      applicationData: [{ name: 'NOLICCACHE', value: '1' }],
      grants: [
        {
          right: 'VIEW',
          principal: { idType: 'Unspecified', id: '', name: 'bob@contoso.test' },
          range: racRange,
          days: 7,
        },
        { right: 'PRINT', principal: { idType: 'Internal', id: 'ANYONE' }, range: undefined, days: undefined },
        { right: 'OWNER', principal: { idType: 'Internal', id: 'Owner' } },
      ],
    })
    for (const name of ['ul', 'ownerUl'] as const) {
      const ul = readUl(documents[name])
      t.equal(ul.enablingBits.bytes.length, keySize)
      t.same(readKeyBlob(await opens(signers.rac, ul.enablingBits, ul.sealedTo)).key, contentKey)
      t.same(ul.rights, name === 'ul' ? ['VIEW', 'OBJMODEL'] : ['OWNER'])
      t.equal(ul.account.object?.source, principals.rac.object?.source)
    }
    t.match(readRightsData(text.template), {
      official: true,
      templateGuid: '{eeeeeeee-0000-0000-0000-000000000001}',
      grants: [{ right: 'OWNER' }, { right: 'VIEW', principal: { name: 'staff@contoso.test' }, days: 30 }],
    })
    t.same(readDescriptorName(documents.template.body.descriptor?.name ?? ''), [
      { lcid: 1033, name: 'Staff <only> & more', description: 'For "staff"' },
      { lcid: 1029, name: 'Žluť', description: '' },
    ])
  })

  t.test(`mode ${mode}: both engines write the same document`, async (t) => {
    const body = asMarkup(documents.ul.bodyText)
    const sign = async (engine: 'openssl' | 'forge'): Promise<string> =>
      signDocument(body, {
        signer: createSigner(engine, lab.keys.slc),
        hash: lab.rules.hash,
        surface: 'server',
        purpose: 'Content-License',
      })
    t.equal(await sign('forge'), text.ul)
    t.equal(await sign('openssl'), text.ul)
  })

  t.test(`mode ${mode}: a chain is read the same in every encoding it travels in`, async (t) => {
    const chain = lab.machineChain.map((document) => document.text).join('')
    const escaped = chain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
    const forms = {
      'UTF-8': Buffer.from(chain),
      'with marks and declarations': Buffer.from(`\uFEFF<?xml version="1.0"?>${chain}`),
      'a declaration before each': Buffer.from(chain.replaceAll('<XrML', '<?xml version="1.0"?>\n<XrML')),
      'UTF-16LE': Buffer.from(`${chain}\0`, 'utf16le'),
      'UTF-16LE with a mark': Buffer.from(`\uFEFF${chain}`, 'utf16le'),
      'base64 of UTF-16LE': Buffer.from(Buffer.from(chain, 'utf16le').toString('base64')),
      'base64 of UTF-8 in lines': Buffer.from(Buffer.from(chain).toString('base64').replace(/.{76}/g, '$&\r\n')),
      escaped: Buffer.from(escaped),
    }
    for (const [name, bytes] of Object.entries(forms)) {
      const read = readDocuments(decodeDocuments(bytes))
      t.same(
        read.map((document) => document.text),
        lab.machineChain.map((document) => document.text),
        name,
      )
      t.equal(checkChain(read).why, undefined, name)
    }
    const [machine] = lab.machineChain
    t.equal(machine === undefined ? '' : readSpc(machine).repositoryVersion, '6.1.7600.16385')
  })
}
