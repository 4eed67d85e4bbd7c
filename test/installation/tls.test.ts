/** https: the lab CA and its certificates, certificates of one's own, and what must not be accepted. */
import { X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import forge from 'node-forge'
import t, { type Test } from 'tap'
import { connect } from '../../src/client/index.js'
import { issueServerCertificate, makeLabCa } from '../../src/crypto/lab-ca.js'
import { seedPassword } from '../../src/directory/seed.js'
import { systemClock, systemRandom } from '../../src/effects.js'
import type { InstallationOptions } from '../../src/installation/installation-options.js'
import { startInstallation } from '../../src/manage/start.js'
import { prepareTlsFiles } from '../../src/installation/tls-files.js'
import { run, startUp } from '../cli/command.js'

t.setTimeout(900_000)

const effects = { clock: systemClock, random: systemRandom }
const user = { user: 'CONTOSO\\alice', password: seedPassword }

async function start(t: Test, options: InstallationOptions) {
  const lab = await startInstallation(options)
  t.teardown(() => lab.close())
  return lab
}

const protocolOf = (port: number, ca: string, settings: object): Promise<string> =>
  new Promise((resolve) => {
    const socket = connectTls({ host: '127.0.0.1', port, ca, ...settings }, () => {
      resolve(socket.getProtocol() ?? '')
      socket.destroy()
    })
    socket.on('error', () => resolve('refused'))
  })

t.test('an installation in this process serves https, and its CA file is all that a client needs', async (t) => {
  const lab = await start(t, { tls: true, token: 'secret' })
  t.match(lab.url, /^https:\/\/127\.0\.0\.1:\d+\/_wmcs$/)
  const fetched = await fetch(`${lab.manage}/ca.pem`)
  t.equal(fetched.status, 200, 'without the token')
  const ca = await fetched.text()
  t.equal(ca, lab.ca)
  for (const signIn of ['basic', 'ntlm', 'negotiate'] as const) {
    for (const host of ['127.0.0.1', 'localhost']) {
      const client = connect({ url: lab.url.replace('127.0.0.1', host), ...user, ca, signIn })
      const { licensingUrl } = await client.locations()
      t.equal(licensingUrl, `${lab.url}/licensing`, 'the addresses follow')
      await client.close()
    }
  }
  const alice = connect({ url: lab.url, ...user, ca, signIn: 'ntlm' })
  t.match(
    (await alice.publishOnline({ rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] })).text,
    `${lab.url}/licensing`,
  )
  const protocol = (settings: object) => protocolOf(Number(new URL(lab.url).port), ca, settings)
  t.equal(await protocol({}), 'TLSv1.3')
  t.equal(await protocol({ maxVersion: 'TLSv1.2' }), 'TLSv1.2')
  t.equal(
    await protocol({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    'refused',
    'nothing older',
  )
  await t.rejects(connect({ url: lab.url, ...user }).locations(), {
    message: /TLS certificate is not accepted.*--ca FILE/,
  })
  await t.rejects(connect({ url: lab.url.replace('127.0.0.1', '127.0.0.2'), ...user, ca }).locations(), {
    message: /127\.0\.0\.2/,
  })
})

t.test('several servers in this process are behind a balancer that serves https', async (t) => {
  const lab = await start(t, { tls: true, mode: 1, seedFile: { clusters: [{ name: 'root', servers: 2 }] } })
  t.match(lab.url, /^https:/)
  t.same(
    lab.ready.clusters.map(({ nodes }) => nodes.length),
    [2],
  )
  const alice = connect({ url: lab.url, ...user, ca: lab.ca ?? '', signIn: 'ntlm' })
  t.teardown(() => alice.close())
  const { text } = await alice.publishOnline({ rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] })
  t.match(text, `${lab.url}/licensing`)
  const { requests } = (await (await fetch(`${lab.manage}/requests?limit=1`)).json()) as { requests: object[] }
  t.match(requests, [{ listener: 'intranet', secureConnectionState: true }])
})

t.test('the CA stays; the certificate is made anew for new names, and near its end', async (t) => {
  const folder = t.testdir()
  const first = await prepareTlsFiles(folder, {}, effects)
  const again = await prepareTlsFiles(folder, {}, effects)
  t.equal(again.front.cert, first.front.cert)
  const named = await prepareTlsFiles(folder, { names: ['rms.contoso.test', '10.0.0.7'] }, effects)
  t.equal(named.ca, first.ca)
  t.not(named.front.cert, first.front.cert)
  const certificate = new X509Certificate(named.front.cert)
  for (const name of ['localhost', 'rms.contoso.test']) t.equal(certificate.checkHost(name), name)
  for (const address of ['127.0.0.1', '::1', '10.0.0.7']) t.equal(certificate.checkIP(address), address)
  t.equal(certificate.checkHost('other.test'), undefined)
  t.ok(
    certificate.checkIssued(new X509Certificate(first.ca)) &&
      certificate.verify(new X509Certificate(first.ca).publicKey),
  )
  t.notOk(certificate.ca)
  t.ok(new X509Certificate(first.ca).ca)
  const trustedFile = join(folder, 'of-another-forest.pem')
  writeFileSync(trustedFile, 'their CA')
  const trusting = await prepareTlsFiles(folder, { trustedFile }, effects)
  const trusted = readFileSync(trusting.trustFile, 'utf8')
  t.ok(
    trusted.startsWith(trusting.ca) && trusted.endsWith('their CA'),
    'what processes trusted before they go on trusting',
  )
  await prepareTlsFiles(folder, { trustedFile: join(folder, 'none') }, effects)
  t.equal(readFileSync(trusting.trustFile, 'utf8').trim(), trusting.ca.trim())
  const later = { ...effects, clock: { ...systemClock, now: () => new Date(Date.now() + 370 * 24 * 3600_000) } }
  const renewed = await prepareTlsFiles(folder, { names: ['rms.contoso.test', '10.0.0.7'] }, later)
  t.not(renewed.front.cert, named.front.cert)
  t.equal(renewed.ca, first.ca)
  for (const key of ['ca-key.pem', 'server-key.pem'])
    t.equal(statSync(join(folder, 'tls', key)).mode & 0o777, 0o600, key)
})

t.test('a kept certificate whose serial number no OpenSSL reads is made anew, with all that is under it', async (t) => {
  const folder = t.testdir()
  const first = await prepareTlsFiles(folder, {}, effects)
  for (const name of ['ca', 'server']) {
    const before = await prepareTlsFiles(folder, {}, effects)
    const path = join(folder, 'tls', `${name}.pem`)
    const certificate = forge.pki.certificateFromPem(readFileSync(path, 'utf8'))
    certificate.serialNumber = '00005a'.padEnd(34, '7')
    certificate.sign(
      forge.pki.privateKeyFromPem(readFileSync(join(folder, 'tls', 'ca-key.pem'), 'utf8')),
      forge.md.sha256.create(),
    )
    writeFileSync(path, forge.pki.certificateToPem(certificate))
    t.throws(() => new X509Certificate(readFileSync(path)), /illegal padding/)
    const mended = await prepareTlsFiles(folder, {}, effects)
    t.equal(mended.ca === before.ca, name === 'server')
    t.ok(new X509Certificate(mended.node.cert).verify(new X509Certificate(mended.ca).publicKey), name)
  }
  t.not((await prepareTlsFiles(folder, {}, effects)).ca, first.ca)
})

t.test('what cannot be used is said, and nothing is replaced', async (t) => {
  const folder = t.testdir({ tls: { 'ca.pem': 'no certificate', 'ca-key.pem': 'no key' }, text: 'hello' })
  const refused = (options: object, message: RegExp, at = folder) =>
    t.rejects(prepareTlsFiles(at, options, effects), { name: 'BadTlsFile', message })
  await refused({}, /ca\.pem and .*ca-key\.pem are no certificate and its key/)
  t.equal(readFileSync(join(folder, 'tls', 'ca.pem'), 'utf8'), 'no certificate')
  const fresh = t.testdir()
  await refused({ certificateFile: join(fresh, 'none') }, /needs its key/, fresh)
  await refused({ certificateFile: join(fresh, 'none'), keyFile: join(fresh, 'none') }, /cannot be read/, fresh)
  await refused({ names: ['a b'] }, /neither a DNS name nor an IP address/, fresh)
})

t.test(
  'processes: a certificate of one’s own at the balancers, the lab’s at the nodes, and servers that trust each other',
  async (t) => {
    const folder = t.testdir()
    const own = await makeLabCa(effects)
    const { cert, key } = await issueServerCertificate(own, ['127.0.0.1'], effects)
    mkdirSync(join(folder, 'own'))
    const [certFile, keyFile] = [join(folder, 'own', 'cert.pem'), join(folder, 'own', 'key.pem')]
    writeFileSync(certFile, cert + own.cert)
    writeFileSync(keyFile, key)
    const data = join(folder, 'data')
    const flags = [
      '--root',
      '1',
      '--licensing',
      'licensing=1',
      '--extranet',
      'licensing',
      '--tls',
      '--tls-cert',
      certFile,
      '--tls-key',
      keyFile,
      '--data',
      data,
    ]
    const lab = await startUp(flags)
    t.teardown(async () => void (await lab.stop()))
    const [root, licensing] = lab.ready.clusters
    t.match([root?.url, licensing?.url, root?.nodes[0]?.url], [/^https:/, /^https:/, /^https:/])
    const ca = await (await fetch(lab.ready.ca ?? '')).text()
    t.not(ca, own.cert)
    const [alice, bob] = ['alice', 'bob'].map((name) =>
      connect({
        url: licensing?.url ?? '',
        user: `CONTOSO\\${name}`,
        password: seedPassword,
        ca: own.cert,
        signIn: 'ntlm',
      }),
    )
    const pl = (await alice?.publish({ rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] }))?.text ?? ''
    t.same((await bob?.open(await bob.acquireLicense(pl), pl))?.rights, ['VIEW'])
    const [pre] = (await alice?.acquirePreLicense(pl, ['bob@contoso.test'])) ?? []
    t.ok(pre !== undefined && 'license' in pre, 'the licensing cluster asks the root over https')
    const node = connect({ url: `${root?.nodes[0]?.url}/_wmcs`, ...user, ca: ca + own.cert, signIn: 'ntlm' })
    t.equal((await node.certify()).mail, 'alice@contoso.test', 'a node by itself has a certificate of the lab CA')
    const extranetUrl = licensing?.extranetUrl ?? ''
    t.match(extranetUrl, /^https:/)
    const outside = connect({
      url: extranetUrl,
      user: 'CONTOSO\\bob',
      password: seedPassword,
      ca: own.cert,
      signIn: 'negotiate',
    })
    t.equal((await outside.locations()).licensingUrl, `${extranetUrl}/licensing`)
    t.same((await outside.open(await outside.acquireLicense(pl), pl)).rights, ['VIEW'])
    await Promise.all([alice?.close(), bob?.close(), outside.close(), node.close()])

    const caFile = join(folder, 'own', 'ca.pem')
    writeFileSync(caFile, own.cert)
    const load = (...more: string[]) =>
      run([
        'load',
        '--json',
        '--server',
        licensing?.url ?? '',
        '--rate',
        '20',
        '--duration',
        '0.5',
        '--arrivals',
        'even',
        '--contents',
        '1',
        '--accounts',
        '1',
        '--out',
        join(folder, 'load'),
        ...more,
      ])
    t.match(await load(), { code: 1, stderr: /TLS certificate is not accepted/ })
    const loaded = await load('--ca', caFile)
    t.equal(loaded.code, 0, loaded.stderr)
  },
)
