/**
 * Clients that we have not written sign in by NTLM and Negotiate, through a balancer with two nodes: curl, with gss-ntlmssp for Negotiate (Debian),
 * the npm package `soap`, and Mono's System.Web.Services with proxy classes that its `wsdl` tool makes from our WSDL (Debian: mono-devel, mono-mcs).
 * Each is certified, made a publisher and given a license that opens.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createClientAsync, NTLMSecurity } from 'soap'
import t, { type Test } from 'tap'
import { readyMachine } from '../../src/client/index.js'
import { namespaces } from '../../src/client/namespaces.js'
import { seedPassword } from '../../src/directory/seed.js'
import { startNode } from '../../src/node/start.js'
import {
  feedForeign,
  findInterpreter,
  foreignInput,
  openForeign,
  programPath,
  type ForeignResult,
} from './foreign-program.js'
import { openBalancedScene, type BalancedScene } from './scene.js'

const run = promisify(execFile)
// It takes NTLMv2 only, as it does unless told otherwise.
const scene = await openBalancedScene(t)
const machine = readyMachine('bob-pc-mode2').chain.map((document) => document.text)

async function requireOpens(
  t: Test,
  result: Omit<ForeignResult, 'maximum_version' | 'fault'>,
  { pl, contentKey }: BalancedScene = scene,
): Promise<void> {
  const opened = await openForeign({ ...result, maximum_version: '', fault: '' }, pl)
  t.equal(opened.mail, 'bob@contoso.test')
  t.ok(opened.contentKey.equals(contentKey), 'the license has the content key')
  t.same(opened.rights, ['VIEW', 'PRINT'])
}

interface Operation {
  readonly path: string
  readonly service: keyof typeof namespaces
  readonly operation: string
  readonly request: string
}

const certificates = (name: string, documents: readonly string[]): string =>
  `<${name}>${documents.map((document) => `<Certificate>${document}</Certificate>`).join('')}</${name}>`

/** The three calls of a client, each with the documents of the one before: the answers' certificates. */
async function threeCalls(
  call: (operation: Operation) => Promise<string>,
): Promise<Omit<ForeignResult, 'maximum_version' | 'fault'>> {
  const documents = async (operation: Operation): Promise<readonly string[]> =>
    (await call(operation)).match(/<XrML .*?<\/XrML>/gs) ?? []
  const rac = await documents({
    path: '/certification/certification.asmx',
    service: 'certification',
    operation: 'Certify',
    request: `<requestParams>${certificates('MachineCertificateChain', machine)}<Persistent>true</Persistent></requestParams>`,
  })
  const clc = await documents({
    path: '/licensing/publish.asmx',
    service: 'publishing',
    operation: 'GetClientLicensorCert',
    request: `<RequestParams><GetClientLicensorCertParams>${certificates('PersonaCerts', rac)}</GetClientLicensorCertParams></RequestParams>`,
  })
  const ul = await documents({
    path: '/licensing/license.asmx',
    service: 'licensing',
    operation: 'AcquireLicense',
    request: `<RequestParams><AcquireLicenseParams>${certificates('LicenseeCerts', rac)}${certificates('IssuanceLicense', [scene.pl])}<ApplicationData /></AcquireLicenseParams></RequestParams>`,
  })
  return { rac, clc, ul }
}

async function temporaryFolder(t: Pick<Test, 'teardown'>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rms-clients-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** curl with these arguments, and with what its GSS library wants to be told. */
async function curlCalls(
  t: Test,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Omit<ForeignResult, 'maximum_version' | 'fault'>> {
  const folder = await temporaryFolder(t)
  return threeCalls(async ({ path, service, operation, request }) => {
    const file = join(folder, `${operation}.xml`)
    const body = `<${operation} xmlns="${namespaces[service]}">${request}</${operation}>`
    await writeFile(
      file,
      `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>${body}</soap:Body></soap:Envelope>`,
    )
    const headers = [
      '-H',
      'Content-Type: text/xml; charset=utf-8',
      '-H',
      `SOAPAction: "${namespaces[service]}/${operation}"`,
    ]
    const { stdout } = await run(
      'curl',
      [
        '--silent',
        '--show-error',
        '--max-time',
        '30',
        ...args,
        ...headers,
        '--data-binary',
        `@${file}`,
        `${scene.baseUrl}${path}`,
      ],
      {
        env: { ...process.env, ...environment },
        maxBuffer: 16 * 1024 * 1024,
      },
    )
    return stdout
  })
}

const curlVersion = await run('curl', ['--version']).then(
  ({ stdout }) => stdout,
  () => '',
)
const hasGssNtlm = await findInterpreter(
  ['/bin/sh', 'sh'],
  ['-c', 'ls /etc/gss/mech.d/*ntlmssp* && ls /usr/lib/*/gssntlmssp/gssntlmssp.so'],
)

t.test(
  'curl --ntlm',
  { skip: !/\bNTLM\b/.test(curlVersion) && 'there is no curl with NTLM: apt-get install curl' },
  async (t) => {
    await requireOpens(t, await curlCalls(t, ['--ntlm', '--user', `CONTOSO\\bob:${seedPassword}`]))
    await t.rejects(curlCalls(t, ['--fail', '--ntlm', '--user', 'CONTOSO\\bob:wrong']), /401/)
  },
)

const skipNegotiate =
  (!/\bSPNEGO\b/.test(curlVersion) || hasGssNtlm === undefined) &&
  'there is no curl with SPNEGO, or no gss-ntlmssp: apt-get install curl gss-ntlmssp'
t.test('curl --negotiate, with gss-ntlmssp', { skip: skipNegotiate }, async (t) => {
  const [good, bad] = [join(await temporaryFolder(t), 'good'), join(await temporaryFolder(t), 'bad')]
  await writeFile(good, `CONTOSO:bob:${seedPassword}\n`)
  await writeFile(bad, 'CONTOSO:bob:wrong\n')
  await requireOpens(t, await curlCalls(t, ['--negotiate', '--user', ':'], { NTLM_USER_FILE: good }))
  await t.rejects(curlCalls(t, ['--fail', '--negotiate', '--user', ':'], { NTLM_USER_FILE: bad }), /401/)
})

t.test('the npm package soap with NTLMSecurity', async (t) => {
  const securityWith = (password: string) =>
    new NTLMSecurity({ username: 'bob', password, domain: 'CONTOSO', workstation: 'PC' })
  const call = async ({ path, operation, request }: Operation, security: NTLMSecurity): Promise<string> => {
    const client = await createClientAsync(`${scene.baseUrl}${path}?wsdl`)
    client.setSecurity(security)
    const method = (
      client as unknown as Readonly<Record<string, (request: object) => Promise<readonly [unknown, string]>>>
    )[`${operation}Async`]
    const [, raw] = (await method?.call(client, {
      _xml: `<${operation} xmlns="${namespacesOf(path)}">${request}</${operation}>`,
    })) ?? [undefined, '']
    return raw
  }
  await requireOpens(t, await threeCalls((operation) => call(operation, securityWith(seedPassword))))
  await t.rejects(
    threeCalls((operation) => call(operation, securityWith('wrong'))),
    /401/,
  )
})

function namespacesOf(path: string): string {
  return path.includes('certification')
    ? namespaces.certification
    : path.includes('publish')
      ? namespaces.publishing
      : namespaces.licensing
}

const mono = await findInterpreter(['mono'], ['--version'])
const hasTools = (await findInterpreter(['/bin/sh', 'sh'], ['-c', 'command -v wsdl && command -v mcs'])) !== undefined
t.test(
  'Mono: proxy classes made from the WSDL',
  { skip: (mono === undefined || !hasTools) && 'Mono is not installed: apt-get install mono-devel mono-mcs' },
  async (t) => {
    const folder = await temporaryFolder(t)
    const proxies = {
      Certification: '/certification/certification.asmx',
      Publishing: '/licensing/publish.asmx',
      Licensing: '/licensing/license.asmx',
    }
    const sources = await Promise.all(
      Object.entries(proxies).map(async ([namespace, path]) => {
        const source = join(folder, `${namespace}.cs`)
        // The bare address: the tool follows the help page to ?disco, and from there to the description.
        await run('wsdl', [`-namespace:${namespace}`, `-out:${source}`, `${scene.baseUrl}${path}`])
        return source
      }),
    )
    const program = join(folder, 'client.exe')
    const references = ['System.Web.Services', 'System.Web.Extensions', 'Mono.Security'].map((name) => `-r:${name}`)
    await run('mcs', ['-nologo', `-out:${program}`, ...references, programPath('mono_client.cs'), ...sources])
    const input = { ...foreignInput(scene.baseUrl, scene.pl), domain: 'CONTOSO', user: 'bob', level: 'v2' }
    const mono = (changes: object) => feedForeign('mono', [program], { ...input, ...changes })
    const result = await mono({})
    await requireOpens(t, result)
    t.equal(result.maximum_version, '1.2.0.0', 'the version header of the answer was read')
    t.match(result.fault, /^Microsoft\.DigitalRightsManagement\.Licensing\.InvalidRightsLabelSignatureException: /)
    // Mono does not fill its message in: "The request failed with HTTP status {0}: {1}."
    await t.rejects(mono({ password: 'wrong' }), /failed with HTTP status/)
    await t.rejects(
      mono({ level: 'default' }),
      /failed with HTTP status/,
      'NTLMv1 with extended session security, which Mono speaks unless told otherwise',
    )
    const lenient = await startNode({
      database: scene.database,
      provision: false,
      nodeId: 'root-3',
      ntlmLevel: 'v1-ess',
    })
    t.teardown(() => lenient.close())
    await requireOpens(t, await mono({ level: 'default', url: `${lenient.url}/_wmcs` }))
  },
)
