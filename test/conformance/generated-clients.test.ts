/**
 * SOAP stacks that generate a program from our WSDL (Debian: jaxws with a JDK; gsoap with libgsoap-dev and g++): Certify, GetClientLicensorCert,
 * AcquireLicense. Each is generated and compiled once.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { runInFolder } from './foreign-folder.js'
import { findInterpreter, foreignInput, openForeign, programPath, type ForeignResult } from './foreign-program.js'
import { openScene } from './scene.js'

t.setTimeout(900_000)
const scene = await openScene(t)
const input = { ...foreignInput(scene.node.baseUrl, scene.pl), user: 'CONTOSO\\bob' }
const services = {
  certification: '/certification/certification.asmx',
  publishing: '/licensing/publish.asmx',
  licensing: '/licensing/license.asmx',
}
const wsdls = Object.entries(services).map(([name, path]) => [name, `${scene.url(path)}?wsdl`] as const)

async function run(command: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { timeout: 240_000, maxBuffer: 16 * 1024 * 1024 })
  return stdout
}

async function temporaryFolder(test: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rms-generated-'))
  test.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const hasAll = async (probe: string): Promise<boolean> =>
  (await findInterpreter(['/bin/sh', 'sh'], ['-c', probe])) !== undefined

async function requireOpens(test: Test, result: ForeignResult): Promise<void> {
  const opened = await openForeign(result, scene.pl)
  test.equal(opened.mail, 'bob@contoso.test')
  test.ok(opened.contentKey.equals(scene.contentKey), 'the license has the content key')
  test.same(opened.rights, ['VIEW', 'PRINT'])
  test.equal(result.maximum_version, '1.2.0.0', 'the version header of the answer was read')
  test.match(result.fault, /^Microsoft\.DigitalRightsManagement\.Licensing\.InvalidRightsLabelSignatureException: /)
}

const hasJaxWs = await hasAll('command -v wsimport && command -v javac && test -d /usr/share/jaxws/lib')
t.test(
  'JAX-WS: classes made by wsimport, with automatic name resolution',
  { skip: !hasJaxWs && 'JAX-WS is not installed: apt-get install jaxws default-jdk-headless' },
  async (t) => {
    const folder = await temporaryFolder(t)
    // An element and its type share a name in the contract.
    const options = ['-B-XautoNameResolution', '-XadditionalHeaders', '-Xnocompile', '-quiet', '-s', folder]
    await Promise.all(wsdls.map(([name, wsdl]) => run('wsimport', ...options, '-p', name, wsdl)))
    const generated = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.java'))
    const sources = [programPath('JaxWsClient.java'), ...generated.map((name) => join(folder, name))]
    const classPath = '/usr/share/jaxws/lib/*'
    await run('javac', '-proc:none', '-nowarn', '-cp', classPath, '-d', folder, ...sources)
    const java = ['java', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', `${folder}:${classPath}`, 'JaxWsClient']
    const result = await runInFolder(folder, java, input)
    await requireOpens(t, result)
    t.notMatch(result.rac.join(''), / \/>/, 'the chain did go through its XML library')
  },
)

const gsoapTools = 'wsdl2h soapcpp2 g++'.split(' ').map((tool) => `command -v ${tool}`)
const hasGsoap = await hasAll([...gsoapTools, 'test -f /usr/include/stdsoap2.h'].join(' && '))
t.test(
  'gSOAP: a C++ program made by wsdl2h and soapcpp2, in both SOAP versions',
  { skip: !hasGsoap && 'gSOAP is not installed: apt-get install gsoap libgsoap-dev g++' },
  async (t) => {
    const folder = await temporaryFolder(t)
    const inFolder = (name: string): string => join(folder, name)
    await run('wsdl2h', '-s', '-o', inFolder('rms.h'), ...wsdls.map(([, wsdl]) => wsdl))
    await run('soapcpp2', '-C', '-L', '-x', '-w', '-d', folder, inFolder('rms.h'))
    const sources = [programPath('gsoap_client.cpp'), inFolder('soapC.cpp'), inFolder('soapClient.cpp')]
    await run('g++', '-O0', '-w', `-I${folder}`, '-o', inFolder('client'), ...sources, '-lgsoap++')
    for (const version of ['1.1', '1.2']) {
      const own = await temporaryFolder(t)
      const result = await runInFolder(own, [inFolder('client'), version], input)
      await requireOpens(t, result)
      t.equal(await readFile(join(own, 'soap_version'), 'utf8'), version, 'the answer is in the version of the request')
      t.match(result.rac.join(''), / \/>/, 'the chain came through to the letter')
    }
  },
)
