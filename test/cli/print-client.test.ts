/** What print-client prints is enough for a client: the programs run as they are, over https. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { run, startUp } from './command.js'

t.setTimeout(280_000)

const execute = promisify(execFile)
// Inside of the package, so that its own name is found.
const folder = t.testdir({ temporary: {} })
const environment = { TMPDIR: join(folder, 'temporary') }
const lab = await startUp(['--tls', '--licensing', 'licensing=1', '--root', '1'], { environment })
t.teardown(async () => void (await lab.stop()))
const [rootUrl, licensingUrl] = lab.ready.clusters.map(({ url }) => url) as [string, string]

async function print(client: string): Promise<string> {
  const { code, stdout, stderr } = await run(
    ['print-client', '--for', client, '--manage', lab.ready.manage, '--token', lab.ready.token ?? ''],
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
    t.match(stdout, `<URL>${licensingUrl}/licensing</URL>`)
  },
)

t.test('node: a module that protects a text and opens it', async (t) => {
  const file = join(folder, 'client.mjs')
  writeFileSync(file, await print('node'))
  const { stdout } = await execute(process.execPath, [file])
  t.match(stdout, licensingUrl)
  t.match(stdout, /^hello \[ 'OWNER' \]$/m)
})

t.test('the others name the addresses and carry the certificate', async (t) => {
  const ca = (await (await fetch(`${lab.ready.manage}/ca.pem`)).text()).split('\n')[1] ?? '-'
  for (const client of ['python', 'dotnet', 'msdrm', 'msipc', 'sdk-cpp']) t.match(await print(client), ca, client)
  t.match(await print('python'), `Client("${licensingUrl}/licensing/ServiceLocator.asmx?wsdl"`)
  t.match(
    await print('dotnet'),
    `Url = "${licensingUrl.replace('127.0.0.1', 'localhost')}/licensing/ServiceLocator.asmx"`,
  )
  t.match(await print('sdk-cpp'), `\nServiceRootURLOverride=${new URL(licensingUrl).origin}/my/v1`)
  t.match(await print('msdrm'), `\\MSDRM\\ServiceLocation\\Activation]\r\n@="${rootUrl}/certification"`)
  t.match(await print('msipc'), `\\MSIPC\\ServiceLocation\\EnterprisePublishing]\r\n@="${licensingUrl}/licensing"`)
})
