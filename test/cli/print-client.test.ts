/** What print-client prints is enough for a client: the programs run as they are, over https. */
import { execFile } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { connect, readPfile, writePfile } from '../../src/client/index.js'
import { trustingFetch } from '../../src/client/trusting-fetch.js'
import { encryptContent } from '../../src/crypto/content-cipher.js'
import { run, startUp, type Outcome } from './command.js'

t.setTimeout(900_000)

const execute = promisify(execFile)
// Inside of the package, so that its own name is found.
const folder = t.testdir({ temporary: {} })
const environment = { TMPDIR: join(folder, 'temporary') }
const lab = await startUp(['--tls', '--licensing', 'licensing=1', '--root', '1', '--scopes', '1'], {
  environment,
})
t.teardown(async () => void (await lab.stop()))
const [rootUrl, licensingUrl] = lab.ready.clusters.map(({ url }) => url) as [string, string]

async function print(client: string, ...more: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(
    ['print-client', '--for', client, '--manage', lab.ready.manage, '--token', lab.ready.token ?? '', ...more],
    { environment },
  )
  if (code !== 0) throw new Error(stderr)
  return stdout
}

const hasCurl = await execute('curl', ['--version']).then(
  ({ stdout }) => /\bNTLM\b/.test(stdout),
  () => false,
)
t.test(
  'curl: a shell script that signs in and finds the services',
  { skip: !hasCurl && 'there is no curl with NTLM: apt-get install curl' },
  async (t) => {
    const file = join(folder, 'client.sh')
    writeFileSync(file, await print('curl'))
    const { stdout } = await execute('sh', [file])
    t.match(stdout, `<URL>${rootUrl}/certification</URL>`)
    t.match(stdout, `<URL>${rootUrl}/licensing</URL>`)
  },
)

t.test('node: a module that protects a text and opens it', async (t) => {
  const file = join(folder, 'client.mjs')
  const text = await print('node', '--cluster', 'licensing')
  const [, installed = ''] = /^\/\/ npm install (\S+)$/m.exec(text) ?? []
  t.match(JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')), { name: 'rms-emulator' })
  writeFileSync(file, text)
  const { stdout } = await execute(process.execPath, [file])
  t.match(stdout, licensingUrl)
  t.match(stdout, /^hello \[ 'OWNER' \]$/m)
})

t.test('a scope is there at each balancer, for who signs in by NTLM, too', async (t) => {
  const ca = await (await fetch(`${lab.ready.manage}/ca.pem`)).text()
  const site = rootUrl.replace(/\/_wmcs$/, '')
  const at = (base: string, user: string, signIn: 'ntlm' | 'basic') =>
    connect({ url: `${base.replace(/\/_wmcs$/, '')}/f/suite-a`, user, password: 'Passw0rd!', ca, signIn })
  const [alice, bob] = [at(rootUrl, 'alice@contoso.test', 'ntlm'), at(licensingUrl, 'bob@contoso.test', 'ntlm')]
  const file = await alice.protectFile(Buffer.from('hello'), '.txt', {
    rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }],
  })
  t.equal((await bob.openFile(file)).plain.toString(), 'hello')
  t.equal((await at(rootUrl, 'bob@contoso.test', 'basic').openFile(file)).plain.toString(), 'hello')
  t.equal((await bob.locations()).licensingUrl, `${site}/f/suite-a/_wmcs/licensing`)
  await t.rejects(
    connect({ url: rootUrl, user: 'bob@contoso.test', password: 'Passw0rd!', ca }).openFile(file),
    /UntrustedPersonaCertException/,
    'the installation did not issue it',
  )
  await Promise.all([alice.close(), bob.close()])
  t.match(await print('node', '--scope', 'suite-a'), `${site}/f/suite-a/_wmcs`)
  const node = await trustingFetch(ca)(`${lab.ready.clusters[0]?.nodes[0]?.url}/f/suite-a/_wmcs/`, {})
  t.equal(node.status, 404)
  t.match(await node.text(), /at the addresses of its clusters/, 'a server has none')
})

t.test('the others name the addresses and carry the certificate', async (t) => {
  const ca = (await (await fetch(`${lab.ready.manage}/ca.pem`)).text()).split('\n')[1] ?? '-'
  for (const client of ['python', 'dotnet', 'msdrm', 'msipc', 'sdk-cpp']) t.match(await print(client), ca, client)
  t.match(await print('python'), `Client("${rootUrl}/licensing/ServiceLocator.asmx?wsdl"`)
  t.match(await print('dotnet'), `Url = "${rootUrl.replace('127.0.0.1', 'localhost')}/licensing/ServiceLocator.asmx"`)
  t.match(await print('sdk-cpp'), /Windows: certutil -addstore Root .*\n.*update-ca-certificates/)
  t.notMatch(await print('msipc'), 'update-ca-certificates')
  t.match(await print('msdrm'), `\\MSDRM\\ServiceLocation\\Activation]\r\n@="${rootUrl}/certification"`)
  t.match(await print('msipc'), `\\MSIPC\\ServiceLocation\\EnterprisePublishing]\r\n@="${rootUrl}/licensing"`)
})

t.test('with the printed settings the SDK opens what our client made, and the other way round', async (t) => {
  const ca = await (await fetch(`${lab.ready.manage}/ca.pem`)).text()
  const send = trustingFetch(ca)
  writeFileSync(join(folder, 'ca.pem'), ca)
  writeFileSync(join(folder, 'report.txt'), 'quarterly figures')
  const manage = ['--manage', lab.ready.manage, '--token', lab.ready.token ?? '']
  const tokenOf = async (user: string): Promise<string> =>
    (await run(['access-token', `${user}@contoso.test`, ...manage], { environment })).stdout.trim()
  const tokens = { alice: await tokenOf('alice'), bob: await tokenOf('bob') }
  for (const [cluster, base] of [
    [[], rootUrl],
    [['--cluster', 'licensing'], licensingUrl],
  ] as const) {
    const override = /^ServiceRootURLOverride=(.*)$/m.exec(await print('sdk-cpp', ...cluster))?.[1] ?? ''
    t.equal(override, `${new URL(base).origin}/my/v1`)
    // As the SDK has it with an override: one address for everything, without discovery.
    const ask = async (user: 'alice' | 'bob', service: string, body: object): Promise<RestAnswer> => {
      const headers = { authorization: `Bearer ${tokens[user]}`, 'content-type': 'application/json' }
      const answer = await send(`${override}/${service}`, { method: 'POST', headers, body: JSON.stringify(body) })
      return (await answer.json()) as RestAnswer
    }
    const client = (...step: readonly string[]): Promise<Outcome> =>
      run(['client', ...step, '--server', base, '--ca', 'ca.pem'], { cwd: folder, environment })

    const made = await client('publish', 'report.txt', '--to', 'bob@contoso.test=VIEW', '--force')
    t.equal(made.code, 0, made.stderr)
    const { publishingLicense } = readPfile(readFileSync(join(folder, 'report.txt.pfile')))
    const bytes = Buffer.from(`\uFEFF${publishingLicense}`)
    const license = await ask('bob', 'enduserlicenses', { SerializedPublishingLicense: bytes.toString('base64') })
    t.match(license, { AccessStatus: 'AccessGranted' }, override)

    const policy = { UserRights: [{ Users: ['bob@contoso.test'], Rights: ['VIEW'] }] }
    const { Key, SerializedPublishingLicense } = await ask('alice', 'publishinglicenses', { Policy: policy })
    const content = {
      extension: '.txt',
      originalSize: 5,
      publishingLicense: Buffer.from(SerializedPublishingLicense, 'base64').toString('utf8'),
      encryptedContent: encryptContent('CBC4K', Buffer.from(Key.Value, 'base64'), Buffer.from('hello')),
    }
    writeFileSync(join(folder, 'sdk.pfile'), writePfile(content))
    const opened = await client('open', 'sdk.pfile', '--user', 'bob@contoso.test', '--out', 'opened.txt')
    t.equal(opened.code, 0, opened.stderr)
    t.equal(readFileSync(join(folder, 'opened.txt'), 'utf8'), 'hello')
    rmSync(join(folder, 'opened.txt'))
  }
  t.match(await run(['print-client', '--for', 'sdk-cpp', '--cluster', 'legal', ...manage], { environment }), {
    code: 2,
    stderr: /no cluster "legal"\. The clusters are root, licensing/,
  })
})

interface RestAnswer {
  readonly Key: { readonly Value: string }
  readonly SerializedPublishingLicense: string
}
