/** The steps of a client one by one, and the demo, against one running server. */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { version } from '../../src/version.js'
import { jsonLines, printedCommands, run, startUp, type Outcome } from './command.js'

t.setTimeout(900_000)

const folder = t.testdir({ 'report.txt': 'quarterly figures\n', lab: {} })
const server = await startUp(['--data', join(folder, 'lab'), '--admit', 'editissuancelicense=staff@contoso.test'])
t.teardown(async () => void (await server.stop()))

/** A step in the test's folder, as this user. */
function client(step: string, ...args: string[]): Promise<Outcome> {
  return run(['client', step, '--server', server.url, ...args], { cwd: folder })
}

const noRights = 'Microsoft.DigitalRightsManagement.Licensing.NoRightsForRequestedPrincipalException'
const report = readFileSync(join(folder, 'report.txt'))

t.test('ready: the line that programs wait for, and status says the same', async (t) => {
  const [line] = server.lines
  const event = JSON.parse(line ?? '') as Record<string, unknown>
  t.same(Object.keys(event), ['event', 'manage', 'forest', 'clusters', 'token', 'seed'])
  t.match(event, { event: 'ready', manage: /^http:\/\/127\.0\.0\.1:\d+$/, forest: 'contoso.test' })
  const nodes = server.ready.clusters[0]?.nodes ?? []
  t.match(nodes, [{ id: 'root-1', url: /^http:\/\/127\.0\.0\.1:\d+$/, pid: Number, state: 'serving' }])
  const balancer = { url: /^http:\/\/127\.0\.0\.1:\d+$/, pid: Number }
  t.match(event['clusters'], [
    { name: 'root', kind: 'root', url: `http://127.0.0.1:${server.port}/_wmcs`, balancer, nodes },
  ])
  const paths = ['/readyz', '/metrics', '/openapi.json', '/docs', '/_wmcs/licensing/license.asmx?wsdl'].map(
    (path) => `${nodes[0]?.url}${path}`,
  )
  const managed = ['/healthz', '/openapi.json', '/docs'].map((path) => `${server.ready.manage}${path}`)
  for (const url of [...paths, ...managed]) t.equal((await fetch(url)).status, 200, url)
  t.equal((await fetch(`${server.ready.manage}/status`)).status, 401, 'management asks for its token')
  t.match(await run(['status', '--manage', server.ready.manage, '--token', 'other']), {
    code: 1,
    stderr: /has another management token/,
  })
  const [json, text] = await Promise.all([
    run(['status', '--json', '--manage', server.ready.manage]),
    run(['status', '--manage', server.ready.manage]),
  ])
  t.match(jsonLines(json), [{ forest: 'contoso.test', version, clusters: server.ready.clusters }])
  for (const shown of [version, server.url, nodes[0]?.url, 'root-1', `pid ${nodes[0]?.pid}`, 'serving'])
    t.ok(text.stdout.includes(String(shown)), String(shown))
})

t.test('locate, certify and clc, with a folder that keeps them', async (t) => {
  const located = await client('locate', '--json')
  t.same(jsonLines(located), [
    { certificationUrl: `${server.url}/certification`, licensingUrl: `${server.url}/licensing` },
  ])
  const kept = ['--data', 'alice', '--machine', 'alice-pc-mode2']
  const certified = await client('certify', '--json', ...kept)
  t.match(certified, { code: 0, stderr: '' })
  const [rac] = jsonLines(certified) as { mail: string; sid: string; keyBits: number; chain: string[] }[]
  t.match(rac, { mail: 'alice@contoso.test', sid: /^S-1-5-21-/, keyBits: 2048 })
  t.match(rac?.chain[0], /^<XrML/)
  const clc = await client('clc', ...kept)
  t.equal(clc.code, 0)
  t.match(clc.stdout, `licensingUrl          ${server.url}/licensing`)
  t.match(clc.stderr, /GetClientLicensorCert: \d+ ms/, 'progress on stderr')
  t.notMatch(clc.stderr, /Certify/, 'the RAC was kept')
  for (const name of ['rac.xrml', 'clc.xrml']) t.ok(existsSync(join(folder, 'alice', name)), name)
  t.equal(statSync(join(folder, 'alice', 'key.pem')).mode & 0o77, 0)
  t.equal(readFileSync(join(folder, 'alice', 'rac.xrml'), 'utf8').includes(rac?.chain[0] ?? '-'), true)
  const temporary = (
    jsonLines(await client('certify', '--temporary', '--json', '--machine', 'alice-pc-mode2')) as {
      from: string
      until: string
    }[]
  )[0]
  t.ok(Date.parse(`${temporary?.until}Z`) - Date.now() < 20 * 60_000, 'a temporary RAC ends soon')
  const explained = await run(['explain', 'alice/clc.xrml'], { cwd: folder })
  t.match(explained, { code: 0, stdout: /Good and trusted/ })
})

t.test('templates: a list for people, the documents for programs', async (t) => {
  const { stdout } = await client('templates', '--machine', 'alice-pc-mode2')
  t.match(stdout, /^\{[0-9a-f-]{36}\}  1033 +\S/m)
  const [{ templates } = { templates: [] }] = jsonLines(await client('templates', '--json')) as {
    templates: { guid: string; text: string }[]
  }[]
  t.equal(templates.length, 3)
  t.match(templates[0]?.text, /<XrML/)
})

t.test('publish with rights, by template, online; open by another user; mallory is refused by name', async (t) => {
  const alice = ['--data', 'alice']
  const published = await client('publish', 'report.txt', '--to', 'bob@contoso.test=VIEW,print', ...alice)
  t.match(published, { code: 0, stdout: /^report\.txt\.pfile: \d+ bytes\n$/ })
  const alone = await run(['explain', 'report.txt.pfile'], { cwd: folder })
  t.match(alone, {
    code: 1,
    stderr:
      /does not hold the chain of its server[^\n]*\nnpx rms-emulator explain report\.txt\.pfile --server http:\S+\/_wmcs\/licensing\n/,
  })
  const whole = await run(['explain', 'report.txt.pfile', '--server', server.url], { cwd: folder })
  t.match(whole, { code: 0, stdout: /Good and trusted/, stderr: '' }, 'with the chain that the server tells')
  t.match(await client('protect', 'report.txt', '--template', 'read only', '--out', 'template.pfile', ...alice), {
    code: 0,
  })
  const custom = ['--to', 'bob@contoso.test=VIEW,Contoso.Approve', '--any-right', '--out', 'custom.pfile']
  t.match(await client('publish', 'report.txt', ...custom, ...alice), { code: 0 })
  const online = await client(
    'publish',
    'report.txt',
    '--online',
    '--to',
    'legal@contoso.test',
    '--out',
    'online.pfile',
    '--json',
    ...alice,
  )
  t.match(jsonLines(online), [{ file: 'online.pfile', bytes: Number }])

  const bob = ['--user', 'CONTOSO\\bob', '--data', 'bob', '--machine', 'bob-pc-mode2']
  const opened = await client('open', 'report.txt.pfile', ...bob)
  t.match(opened, { code: 0, stdout: /^report\.txt\.opened\.txt: 18 bytes, rights VIEW, PRINT\n$/ })
  t.same(readFileSync(join(folder, 'report.txt.opened.txt')), report)
  t.match(jsonLines(await client('open', 'custom.pfile', '--out', 'back.txt', '--json', ...bob)), [
    { rights: ['VIEW', 'Contoso.Approve'] },
  ])
  for (const file of ['template.pfile', 'online.pfile']) {
    t.match(
      jsonLines(await client('open', file, '--out', 'back.txt', '--json', ...bob)),
      [{ file: 'back.txt', bytes: 18, rights: ['VIEW'] }],
      file,
    )
    t.same(readFileSync(join(folder, 'back.txt')), report)
  }
  const kept = await client('publish', 'report.txt', '--to', 'bob@contoso.test', ...alice)
  t.match(kept, { code: 1, stderr: /^report\.txt\.pfile is there already: write over it with --force/m })
  writeFileSync(join(folder, 'mine.txt'), 'mine')
  const spared = await client('open', 'report.txt.pfile', '--out', 'mine.txt', ...bob)
  t.match(spared, { code: 1, stderr: /^mine\.txt is there already/m })
  t.equal(String(readFileSync(join(folder, 'mine.txt'))), 'mine')
  const anywhere = await run(['client', 'open', 'report.txt.pfile', ...bob], { cwd: folder })
  t.match(anywhere, { code: 0 }, 'without --server the file says which one')
  const mallory = ['--user', 'mallory@contoso.test', '--data', 'mallory']
  const refused = await client('open', 'report.txt.pfile', '--out', 'stolen.txt', ...mallory)
  t.match(refused, { code: 3, stdout: '', stderr: noRights })
  t.match(refused.stderr, /\nIts reason: {2}npx rms-emulator lab journal root-\d\.\S+(?: --manage \S+)?\n$/)
  const [journal = []] = printedCommands(refused.stderr)
  t.match(await run(journal), { code: 0, stdout: /mallory/ }, 'it is the journal of this server')
  const elsewhere = { environment: { RMS_MANAGE: 'http://127.0.0.1:1' } }
  const stolen = ['client', 'open', 'report.txt.pfile', '--out', 'stolen.txt', ...mallory]
  const refusedAgain = await run(stolen, { cwd: folder, ...elsewhere })
  t.match(refusedAgain.stderr, ` --manage ${server.ready.manage}\n`, 'also where commands ask another installation')
  t.match(await run(printedCommands(refusedAgain.stderr)[0] ?? [], elsewhere), { code: 0, stdout: /mallory/ })
  const unknown = await client('open', 'report.txt.pfile', '--out', 'stolen.txt', ...mallory, '--password', 'wrong')
  t.match(unknown, { code: 1, stdout: '', stderr: /answered HTTP 401/ })
  t.match(await run(printedCommands(unknown.stderr)[0] ?? []), { code: 0, stdout: /401/ }, 'so has a refused sign-in')
  const told = await client('open', 'report.txt.pfile', '--out', 'stolen.txt', '--json', ...mallory)
  t.equal(told.code, 3)
  t.match(jsonLines(told), [{ event: 'refused', exception: noRights, step: 'AcquireLicense', reason: noRights }])
  t.notMatch(refused.stderr, /\n\s+at /)
  t.notOk(existsSync(join(folder, 'stolen.txt')))

  const batch = await client('licenses', 'report.txt.pfile', 'template.pfile', 'online.pfile', '--json', ...bob)
  t.equal(batch.code, 0)
  const [{ licenses } = { licenses: [] }] = jsonLines(batch) as {
    licenses: { ok: boolean; detail: string; ul: string }[]
  }[]
  t.same(
    licenses.map(({ ok, detail }) => [ok, detail]),
    [
      [true, 'VIEW, PRINT'],
      [true, 'VIEW'],
      [true, 'VIEW'],
    ],
  )
  writeFileSync(join(folder, 'ul.xrml'), licenses[0]?.ul ?? '')
  const license = jsonLines(await run(['explain', 'ul.xrml', '--json'], { cwd: folder })) as {
    documents: { kind: string; digest: { ok: boolean }; signature: { ok: boolean } }[]
  }[]
  t.match(license[0]?.documents, [{ kind: 'UL', digest: { ok: true }, signature: { ok: true } }])
  const none = await client('licenses', 'report.txt.pfile', 'template.pfile', ...mallory)
  t.match(none, {
    code: 3,
    stdout: new RegExp(`^report\\.txt\\.pfile +refused  .*${noRights}`),
    stderr: /Not every license was granted/,
  })
})

t.test('who is not let in, and what is not there, is said in a sentence', async (t) => {
  t.match(await client('certify', '--password', 'wrong', '--machine', 'alice-pc-mode2'), {
    code: 1,
    stdout: '',
    stderr: /answered HTTP 401: the caller was not let in\. Check user and password/,
  })
  t.match(await client('publish', 'report.txt', '--template', 'nosuch', '--out', 'none.pfile', '--data', 'alice'), {
    code: 1,
    stderr: /There is no template "nosuch"\. The server has /,
  })
  t.match(await client('open', 'nowhere.pfile'), {
    code: 1,
    stderr: /^nowhere\.pfile cannot be read: there is no such file/m,
  })
  t.match(await client('open', 'report.txt'), { code: 1, stdout: '', stderr: /\S/ })
  t.match(
    await client('publish', 'report.txt', '--to', 'bob@contoso.test', '--out', 'no/where.pfile', '--data', 'alice'),
    { code: 1, stderr: /no\/where\.pfile cannot be written: there is no such/ },
  )
  t.match(await client('certify', '--machine', 'alice-pc-mode1'), {
    code: 3,
    stderr: /UnsupportedCryptographicSetException/,
  })
  writeFileSync(join(folder, 'mallory', 'rac.xrml'), 'no certificate')
  t.match(await client('clc', '--data', 'mallory'), {
    code: 1,
    stderr: /mallory\/rac\.xrml cannot be used: .* Remove the file/,
  })
})

t.test(
  'the demo against this server: each step a line of JSON, the same bytes back, mallory refused with the reason',
  async (t) => {
    const bytes = randomBytes(100_000)
    writeFileSync(join(folder, 'photo.bin'), bytes)
    const told = await run(['demo', 'photo.bin', '--json', '--server', `http://127.0.0.1:${server.port}`], {
      cwd: folder,
    })
    t.match(told, { code: 0, stderr: '' })
    const lines = jsonLines(told) as {
      event: string
      step: string
      ok: boolean
      ms: number
      detail?: string
      servers?: string[]
    }[]
    const steps = lines.slice(0, -1)
    t.ok(steps.every(({ event, ok, ms }) => event === 'step' && ok && Number.isInteger(ms)))
    t.same(lines.at(-1), { event: 'done', ok: true, sha256: createHash('sha256').update(bytes).digest('hex') })
    const refusals = steps.filter(({ step }) => step === 'mallory tries')
    t.equal(refusals.length, 4)
    for (const { detail } of refusals) t.match(detail, `refused: ${noRights}`)
    t.ok(
      refusals.every(({ servers }) => servers?.every((server) => server === 'root-1')),
      'which server said so',
    )
    t.notOk(steps.some(({ step }) => /server of our own/.test(step)))
    const log = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text()
    t.match(log, /AcquireLicense/)
  },
)
