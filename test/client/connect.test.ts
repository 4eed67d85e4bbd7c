import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { connect, readyMachine, type ConnectOptions, type Step } from '../../src/client/index.js'
import { acquisitionUrl, baseUrlOf, folderUrlOf, sameServiceUrl } from '../../src/client/service-url.js'
import { systemClock } from '../../src/effects.js'
import { checkChain } from '../../src/xrml/chain.js'
import type { XrmlDocument } from '../../src/xrml/document.js'
import { labTrustRoot } from '../../src/xrml/lab-hierarchy.js'
import { issueTemplate, makeIssuer } from './lab-issuer.js'
import { startLabServer, type LabServer } from './lab-server.js'

const issuer = await makeIssuer(2)
const credentials = { user: 'CONTOSO\\alice', password: 'Passw0rd!' }
const machine = readyMachine('alice-pc-mode2')
const toBob = { rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] }
const refused = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )
const textOf = (chain: readonly XrmlDocument[]): string => chain.map((document) => document.text).join('')

const start = (t: Tap): Promise<LabServer> => startLabServer(issuer, (stop) => t.teardown(stop))
type Tap = Pick<typeof t, 'teardown'>

function clientOf(lab: LabServer, more: Partial<ConnectOptions> = {}): ReturnType<typeof connect> {
  return connect({ url: lab.url, ...credentials, machine, ...more })
}

t.test('the first steps are taken once, each told with its time', async (t) => {
  const lab = await start(t)
  const steps: Step[] = []
  const client = clientOf(lab, { onStep: (step) => steps.push(step) })
  t.same(lab.calls, [], 'nothing is called before it is needed')
  const [first, second] = await Promise.all([client.bootstrap(), client.bootstrap()])
  t.equal(first.account, second.account)
  t.same(
    steps.map(({ name }) => name),
    ['FindServiceLocationsForUser', 'Certify', 'GetClientLicensorCert'],
  )
  t.ok(steps.every(({ ms, error }) => ms > 0 && error === undefined))
  t.same(
    lab.calls.map(({ path }) => path),
    [
      '/_wmcs/licensing/ServiceLocator.asmx',
      '/_wmcs/certification/certification.asmx',
      '/_wmcs/licensing/publish.asmx',
    ],
  )
  t.ok(lab.calls.every(({ authorization }) => authorization?.startsWith('Basic ')))
  t.equal(first.account.mail, 'alice@contoso.test')
  t.equal(first.publisher.clc.licensingUrl, lab.licensingUrl)
  await client.certify()
  t.equal(lab.calls.at(-1)?.operation, 'Certify', 'asked for by name, a step is taken again')
  t.not((await client.bootstrap()).account, first.account)
})

t.test('a machine is activated in the mode of the cluster', async (t) => {
  const lab = await startLabServer(await makeIssuer(1), (stop) => t.teardown(stop))
  const { machine, account } = await connect({ url: lab.url, ...credentials }).bootstrap()
  t.equal(machine.mode, 1)
  t.equal(account.key.publicKey.bits, 1024)
  t.match(await refused(connect({ url: lab.url, ...credentials, trustRoot: labTrustRoot(2) }).bootstrap()), {
    name: 'VerificationFailed',
  })
})

t.test('a certificate that has expired is replaced', async (t) => {
  const lab = await start(t)
  let time = systemClock.now()
  const client = clientOf(lab, { clock: { ...systemClock, now: () => time } })
  const { account, publisher } = await client.bootstrap()
  time = new Date(account.rac.validity.until.getTime())
  const later = await client.bootstrap()
  t.not(later.account, account)
  t.not(later.publisher, publisher)
})

t.test('published offline or online, a file opens again', async (t) => {
  const lab = await start(t)
  const client = clientOf(lab)
  const plain = Buffer.from('The plan. '.repeat(1000))
  for (const online of [false, true]) {
    const bytes = await client.protectFile(plain, '.txt', toBob, { online })
    t.notOk(bytes.includes('The plan.'))
    const opened = await client.openFile(bytes)
    t.ok(opened.plain.equals(plain))
    t.same([opened.rights, opened.extension], [['VIEW'], '.txt'])
    const again = await client.openFile(bytes, opened.license)
    t.ok(again.plain.equals(plain), 'with a license at hand')
  }
  t.equal(lab.calls.filter(({ operation }) => operation === 'AcquireLicense').length, 2)
  const online = await client.publishOnline(toBob)
  t.same(
    online.pl.map(({ kind }) => kind),
    ['PL'],
  )
  t.equal(checkChain([...online.pl, ...issuer.chain]).why, undefined)
  const chunks: Buffer[] = []
  for await (const chunk of client.protectStream([plain, plain], '.txt', undefined, toBob)) chunks.push(chunk)
  t.ok((await client.openFile(Buffer.concat(chunks))).plain.equals(Buffer.concat([plain, plain])))
})

t.test('in a batch every item has its own answer', async (t) => {
  const lab = await start(t)
  const client = clientOf(lab)
  const published = [await client.publish(toBob), await client.publish(toBob), await client.publish(toBob)]
  lab.barred.add(published[1]?.contentId ?? '')
  const results = await client.acquireLicenses(published.map(({ text }) => text))
  t.same(
    results.map(({ license, error }) => [license !== undefined, error?.name]),
    [
      [true, undefined],
      [false, 'LicenseRefused'],
      [true, undefined],
    ],
  )
  t.match(results[1]?.error, {
    exceptionName: 'Microsoft.DigitalRightsManagement.Licensing.NoRightsForRequestedPrincipalException',
  })
  t.match(lab.calls.at(-1)?.body, '<MaximumVersion>1.1.0.0</MaximumVersion>')
  t.same((await client.open(results[2]?.license as never, published[2]?.text)).contentKey, published[2]?.contentKey)

  const alone = published[1]?.text ?? ''
  t.match(await client.acquireLicenses([alone]), [{ error: { name: 'LicenseRefused' } }])
  t.match(lab.calls.at(-1)?.body, '<MaximumVersion>1.0.0.0</MaximumVersion>')
  t.match(await refused(client.acquireLicense(alone)), {
    name: 'SoapFault',
    exceptionName: /NoRightsForRequestedPrincipalException$/,
  })
  t.same(await client.acquireLicenses([]), [])
  lab.changes.set('AcquireLicense', (answer) => answer.replace(/<CertificateChain>.*<\/CertificateChain>/, ''))
  t.match(await client.acquireLicenses([published[0]?.text ?? '']), [
    { error: { name: 'VerificationFailed', why: /no document/ } },
  ])
})

t.test('licenses for other people', async (t) => {
  const lab = await start(t)
  const client = clientOf(lab)
  const { text } = await client.publish(toBob)
  lab.barred.add('carol@contoso.test')
  const results = await client.acquirePreLicense(text, ['bob@contoso.test', 'carol@contoso.test'])
  t.same(
    results.map(({ error }) => error?.name),
    [undefined, 'LicenseRefused'],
  )
  t.equal(results[0]?.license?.chain.length, 5)

  const licensee = await client.precertify('bob@contoso.test')
  t.equal(checkChain(licensee).why, undefined)
  t.equal((await client.acquireLicenseFor(licensee, text)).ul.account.object?.name, 'alice@contoso.test')
  const key = await client.acquireContentKey(text)
  t.equal(key.length, 16)
})

t.test('templates are verified, fetched in batches and not fetched twice', async (t) => {
  const lab = await start(t)
  const guids = Array.from({ length: 30 }, (_, index) => `{00000000-0000-4000-8000-${String(index).padStart(12, '0')}}`)
  lab.templates.push(...(await Promise.all(guids.map((guid) => issueTemplate(issuer, guid)))))
  const client = clientOf(lab)
  const templates = await client.templates()
  t.same(
    templates.map(({ guid }) => guid),
    guids,
  )
  t.match(templates[0]?.texts, [
    { lcid: 1033, name: 'Company', description: 'Everybody; may read' },
    { lcid: 1031, name: 'Firma' },
  ])
  t.equal(lab.calls.filter(({ operation }) => operation === 'AcquireTemplates').length, 2)

  lab.templates[3] = await issueTemplate(await makeIssuer(2), guids[3] ?? '') // signed by another server
  t.match(await refused(client.templates()), {
    name: 'VerificationFailed',
    why: /the key in the ISSUER of the template/,
  })
  lab.templates.splice(3, 27)
  t.equal((await client.templates()).length, 3)
  t.equal(lab.calls.at(-1)?.operation, 'AcquireTemplateInformation')

  const template = templates[0] as (typeof templates)[number]
  const opened = await client.openFile(await client.protectFile(Buffer.from('x'), '', { template }))
  const name = template.texts[0]?.name ?? ''
  for (const called of [name.toUpperCase(), template.guid.replaceAll(/[{}]/g, ''), template.text])
    t.match(await client.openFile(await client.protectFile(Buffer.from('x'), '', { template: called })), {
      plain: Buffer.from('x'),
    })
  t.match(await refused(client.publish({ template: 'none of them' })), {
    name: 'NoSuchTemplate',
    message: /There is no template "none of them"\. The server has /,
  })
  t.equal(opened.plain.toString(), 'x')
  lab.changes.set('AcquireTemplateInformation', (answer) =>
    answer.replace(/<ServerPublicKey>MIIB/, '<ServerPublicKey>MIIC'),
  )
  t.match(await refused(client.templates()), { name: 'VerificationFailed', why: /ServerPublicKey/ })
})

t.test('new rights are put on published content', async (t) => {
  const lab = await start(t)
  const client = clientOf(lab)
  const published = await client.publish(toBob)
  const edited = await client.republish(published.text, { rights: [] })
  t.equal(edited.body.type, 'Microsoft Rights Label')
  t.match(lab.calls.at(-1)?.body, published.contentId)
  t.equal(checkChain([edited, ...issuer.chain]).why, undefined)
})

t.test('what the server says of itself', async (t) => {
  const lab = await start(t)
  const client = clientOf(lab)
  const info = await client.serverInfo()
  t.match(info, {
    version: '6.0.0.0',
    features: { GroupExpansionWebService: 'true' },
    locations: { LicensingService: lab.licensingUrl },
  })
  t.notOk('PublishingService' in info.locations)
  t.same(textOf(info.slcChain), textOf(await client.serverCertificate()))
  t.notMatch(lab.calls.find(({ operation }) => operation === 'GetServerInfo')?.body, 'VersionData')
})

t.test('nothing that was changed on the way is accepted', async (t) => {
  const lab = await start(t)
  const ready = await clientOf(lab).bootstrap()
  const { text } = await clientOf(lab).publish(toBob)
  const attempts: Record<string, (client: ReturnType<typeof connect>) => Promise<unknown>> = {
    Certify: (client) => client.certify(),
    GetClientLicensorCert: (client) => client.getClientLicensorCert(),
    GetLicensorCertificate: (client) => client.serverCertificate(),
    GetServerInfo: (client) => client.serverInfo(),
    AcquireLicense: (client) => client.acquireLicense(text),
    AcquireIssuanceLicense: (client) => client.publishOnline(toBob),
    EditIssuanceLicense: (client) => client.republish(text, toBob),
    Precertify: (client) => client.precertify('bob@contoso.test'),
    AcquireContentKey: (client) => client.acquireContentKey(text),
  }
  t.ok(ready.account)
  const changes: readonly (readonly [string, (answer: string) => string])[] = [
    [
      'a character of BODY',
      (answer) => answer.replace(/<ISSUEDTIME>2/, '<ISSUEDTIME>1').replace(/<ContentKey>....../, '<ContentKey>AAAAAA'),
    ],
    ['no document', (answer) => answer.replaceAll(/<XrML.*<\/XrML>/g, '').replace(/<ContentKey>.*<\/ContentKey>/, '')],
    [
      'no chain',
      (answer) =>
        answer
          .replace(/<(CertificateChain|ServerLicensorCertificateChain|Certificate)>.*<\/\1>/, '')
          .replace('AES', 'DES'),
    ],
  ]
  for (const [operation, attempt] of Object.entries(attempts)) {
    for (const [what, change] of changes) {
      lab.changes.clear()
      lab.changes.set(operation, change)
      t.match(await refused(attempt(clientOf(lab))), { name: 'VerificationFailed' }, `${operation}: ${what}`)
    }
  }
})

t.test('a PL that a server signed for something else is not accepted', async (t) => {
  const lab = await start(t)
  const client = clientOf(lab)
  let first: string | undefined
  lab.changes.set('AcquireIssuanceLicense', (answer) => (first ??= answer))
  await client.publishOnline(toBob)
  t.match(await refused(client.publishOnline(toBob)), { name: 'VerificationFailed', why: /it is for the content/ })
})

t.test('the password goes to hosts that the user has named, and to no others', async (t) => {
  const lab = await start(t)
  lab.licensingUrl = lab.url.replace('127.0.0.1', 'localhost') + '/licensing'
  const { text } = await clientOf(lab).publish(toBob)
  const error = await refused(clientOf(lab).acquireLicense(text))
  t.match(error, { name: 'ForeignLicensingServer', url: lab.licensingUrl, message: /licensingHosts/ })
  t.notOk(lab.calls.some(({ operation }) => operation === 'AcquireLicense'))

  t.equal(
    acquisitionUrl('http://RMS.contoso.test:81/_wmcs/licensing/', 'http://a/b', ['rms.contoso.test']),
    'http://rms.contoso.test:81/_wmcs/licensing',
  )
  t.equal(acquisitionUrl(undefined, 'http://a/b', []), 'http://a/b')
  t.throws(() => acquisitionUrl('http://rms.contoso.test.evil.test/', 'http://a/b', ['http://rms.contoso.test/']), {
    name: 'ForeignLicensingServer',
  })
  t.throws(() => acquisitionUrl('file:///etc/passwd', 'http://a/b', []), RangeError)
})

t.test('one service URL in all of its spellings, and what is another one', async (t) => {
  const url = 'http://rms:80/_wmcs/certification'
  for (const same of [
    url,
    'http://rms/_wmcs/certification',
    'http://RMS/_wmcs/certification',
    'HTTP://rms/_wmcs/certification/',
    'http://rms/_wmcs/Certification',
    'http://rms:80/_WMCS/certification//',
  ])
    t.ok(sameServiceUrl(url, same), same)
  for (const other of [
    'https://rms/_wmcs/certification',
    'http://rms:81/_wmcs/certification',
    'http://rms.contoso.test/_wmcs/certification',
    'http://rms/_wmcs/licensing',
    'http://rms/_wmcs',
    'rms',
    '',
    null,
    undefined,
  ])
    t.notOk(sameServiceUrl(url, other), String(other))
  t.notOk(sameServiceUrl(undefined, undefined), 'none is not the same as none')
})

t.test('addresses in all forms lead to the cluster', async (t) => {
  for (const address of [
    'http://rms',
    'http://rms/',
    'http://rms/_wmcs/',
    'http://rms/_wmcs/licensing',
    'http://rms/_wmcs/Certification/Certification.asmx',
  ]) {
    t.equal(baseUrlOf(address), 'http://rms/_wmcs', address)
  }
  t.equal(folderUrlOf('https://rms:8443/_wmcs/licensing/License.asmx?wsdl'), 'https://rms:8443/_wmcs/licensing')
  for (const address of ['', 'rms', 'ftp://rms/'])
    t.throws(() => connect({ url: address }), { name: 'RangeError', message: /http:\/\/rms\.contoso\.test/ })

  const lab = await start(t)
  lab.locations = {}
  t.same(await clientOf(lab).locations(), {
    certificationUrl: `${lab.url}/certification`,
    licensingUrl: `${lab.url}/licensing`,
  })
  lab.locations = { CertificationService: 'http://extranet/_wmcs/certification/' }
  t.equal((await clientOf(lab).locations()).certificationUrl, 'http://extranet/_wmcs/certification')

  const inner = {
    CertificationInternalService: 'http://in/_wmcs/certification',
    LicensingInternalService: 'http://in/_wmcs/licensing',
  }
  lab.locations = {
    ...inner,
    CertificationService: 'http://out/_wmcs/certification',
    LicensingService: 'http://out/_wmcs/licensing',
  }
  t.same(
    await clientOf(lab).locations(),
    { certificationUrl: 'http://in/_wmcs/certification', licensingUrl: 'http://in/_wmcs/licensing' },
    'inside first',
  )
  lab.locations = {
    ...inner,
    CertificationService: 'http://out/_wmcs/certification',
    LicensingService: `${lab.url}/Licensing`,
  }
  t.same(
    await clientOf(lab).locations(),
    { certificationUrl: 'http://out/_wmcs/certification', licensingUrl: `${lab.url}/Licensing` },
    'outside for who asks there',
  )
})

t.test('after a refusal the step is tried again, and the refusal is told', async (t) => {
  const lab = await start(t)
  const steps: Step[] = []
  const client = clientOf(lab, { onStep: (step) => steps.push(step) })
  lab.refusals.set('Certify', 'ADEntrySearchFailed')
  t.match(await refused(client.bootstrap()), { name: 'SoapFault', exceptionName: /ADEntrySearchFailedException$/ })
  t.match(steps.at(-1), { name: 'Certify', error: { name: 'SoapFault' } })
  lab.refusals.clear()
  t.ok(await client.bootstrap())
})

t.test('a folder keeps machine and certificates for the next time', async (t) => {
  const lab = await start(t)
  const folder = join(t.testdir({}), 'alice')
  const open = (): ReturnType<typeof connect> => connect({ url: lab.url, ...credentials, folder })
  const first = await open().bootstrap()
  t.same((await readdir(folder)).toSorted(), ['clc.xrml', 'key.pem', 'rac.xrml', 'spc.xrml'])
  t.equal((await stat(join(folder, 'key.pem'))).mode & 0o777, 0o600)
  t.equal((await stat(folder)).mode & 0o777, 0o700)

  const calls = lab.calls.length
  const second = await open().bootstrap()
  t.same(
    lab.calls.slice(calls).map(({ operation }) => operation),
    ['FindServiceLocationsForUser'],
  )
  t.equal(textOf(second.account.chain), textOf(first.account.chain))
  t.equal(textOf(second.publisher.chain), textOf(first.publisher.chain))

  await open().certify()
  t.notOk((await readdir(folder)).includes('clc.xrml'), 'the CLC was sealed to the certificate that is replaced')
  await open().bootstrap()

  const rac = await readFile(join(folder, 'rac.xrml'), 'utf8')
  await writeFile(join(folder, 'rac.xrml'), rac.replace('alice@', 'mallory@'))
  t.match(await refused(open().bootstrap()), {
    name: 'KeptFileBroken',
    message: /rac\.xrml cannot be used: .*digest.*Remove the file/,
  })
  await writeFile(join(folder, 'spc.xrml'), rac)
  t.match(await refused(open().bootstrap()), { name: 'KeptFileBroken', message: /The document is a RAC, not an SPC/ })
  await writeFile(join(folder, 'key.pem'), 'no key')
  t.match(await refused(open().bootstrap()), { name: 'KeptFileBroken', message: /key\.pem/ })
})
