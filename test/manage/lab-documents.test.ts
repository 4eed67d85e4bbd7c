/** Documents of an installation in this process: explained over HTTP, in the library and on the command line. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { connect, readyMachine } from '../../src/client/index.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { explain } from '../../src/explain/explain.js'
import type { Explanation } from '../../src/explain/explanation.js'
import { startInstallation } from '../../src/manage/start.js'
import { labTrustRoot } from '../../src/xrml/lab-hierarchy.js'
import { run } from '../cli/command.js'

const token = 'documents-test-token'
const installation = await startInstallation({ mode: 1, token })
t.teardown(() => installation.close())
const { manage, lab } = installation
const reach = ['--manage', manage, '--token', token]
const ask = (path: string, init: RequestInit = {}) =>
  fetch(`${manage}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...(init.headers as object | undefined) },
  })

const at = (user: string) =>
  connect({
    url: installation.url,
    user: `${user}@contoso.test`,
    password,
    machine: readyMachine('alice-pc-mode1'),
    mode: 1,
  })
const alice = at('alice')
const content = await alice.publish({ name: 'Plan', rights: [{ to: 'bob@contoso.test', rights: ['VIEW', 'PRINT'] }] })

/** What the command line says of the same octets, apart from time. */
const plainly = (bytes: Uint8Array): Explanation =>
  explain(bytes, { trustRoots: [labTrustRoot(2), labTrustRoot(1)], now: new Date() })

async function explained(body: Uint8Array | string, type?: string): Promise<Explanation> {
  const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
  const answer = await ask('/lab/explain', { method: 'POST', body, headers })
  t.equal(answer.status, 200)
  return (await answer.json()) as Explanation
}

t.test('explain says over HTTP what the command prints, in every encoding and whatever it is called', async (t) => {
  const chain = readyMachine('bob-pc-mode2')
    .chain.map(({ text }) => text)
    .join('')
  const expected = plainly(Buffer.from(chain))
  t.equal(expected.firstProblem, undefined)
  const escaped = `<a><b>${chain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</b></a>`
  const forms: readonly (readonly [string, Uint8Array, string | undefined])[] = [
    ['UTF-8', Buffer.from(chain), 'text/xml; charset=utf-8'],
    ['UTF-8 with a mark', Buffer.from(`\uFEFF${chain}`), 'application/xml'],
    ['UTF-16', Buffer.from(`\uFEFF${chain}`, 'utf16le'), 'application/octet-stream'],
    ['base64', Buffer.from(Buffer.from(chain).toString('base64')), 'text/plain'],
    ['escaped', Buffer.from(escaped), 'application/json'],
    ['with no type', Buffer.from(chain), undefined],
  ]
  for (const [name, bytes, type] of forms) t.same(await explained(bytes, type), expected, name)
  const path = join(t.testdir(), 'spc.xrml')
  writeFileSync(path, chain)
  const printed = await run(['explain', path, '--json'])
  t.same(JSON.parse(printed.stdout), await explained(chain), 'as explain --json')
  t.same(await lab.explain(Buffer.from(chain)), expected, 'and as the library')
})

t.test('a document that was changed is found, and dates count by the clock of the forest', async (t) => {
  const [rac] = (await alice.certify()).chain
  const text = rac?.text ?? ''
  t.match(await explained(text.replace('alice@', 'malice@')), { firstProblem: { check: 'digest', document: 1 } })
  const { mode } = await lab.clock.read()
  t.equal(mode, 'real')
  await lab.clock.put({ mode: 'offset', by: 'P400D' })
  t.match((await explained(text)).documents[0]?.validity, { ok: false, why: /, and now it is / })
  await lab.clear()
  t.match((await explained(text)).documents[0]?.validity, { ok: true })
})

t.test('the policy of a license is opened where a cluster has the key', async (t) => {
  const { documents } = await explained(content.text)
  t.match(documents[0], {
    kind: 'PL',
    policy: {
      ok: true,
      openedBy: 'root',
      owner: 'alice@contoso.test',
      list: [
        { right: 'VIEW', principal: 'bob@contoso.test' },
        { right: 'PRINT', principal: 'bob@contoso.test' },
        { right: 'OWNER', principal: 'Owner' },
      ],
      xrml: /^<XrML .*<\/XrML>$/s,
    },
  })
  const { policy, ...rest } = documents[0] ?? {}
  t.ok(policy)
  t.same(rest, plainly(Buffer.from(content.text)).documents[0], 'all else is as without the key')

  const [first] = await alice.templates()
  const official = await explained((await alice.publish({ template: first ?? '' })).text)
  t.match(official.documents[0]?.policy, { ok: true, template: first?.guid })

  const pfile = await alice.protectFile(Buffer.from('secret plan'), '.txt', {
    rights: [{ to: 'ANYONE', rights: ['VIEW'] }],
  })
  t.match((await explained(pfile)).documents[0]?.policy?.list?.[0], { right: 'VIEW', principal: 'ANYONE' })

  const changed = content.text.replace(/(<AUTHENTICATEDDATA id="Encrypted-Rights-Data">)..../, '$1AAAA')
  t.not(changed, content.text)
  t.match((await explained(changed)).documents[0]?.policy ?? {}, { ok: false, openedBy: 'root', why: /./ })

  const path = join(t.testdir(), 'plan.pfile')
  writeFileSync(path, pfile)
  const shown = await run(['lab', 'explain', path, ...reach])
  t.match(shown.stdout, /policy +ok +opened by root; owner alice@contoso\.test; VIEW for ANYONE/)
  t.equal(shown.code, 1, 'the chain of the server is not in the file')
  const missing = await run(['lab', 'explain', `${path}x`, ...reach])
  t.match(missing, { code: 1, stderr: /there is no such file/ })
})

t.test('whatever is sent is answered', async (t) => {
  const nothing = { documents: [], trust: { ok: false }, firstProblem: { check: 'form' } }
  t.match(await explained(''), nothing)
  t.match(await explained(Buffer.from([0, 255, 254, 0, 216])), nothing)
  t.match(await explained('&lt;XrML &bogus; <'), {})
  t.match(await explained('<XrML><BODY type="Microsoft Rights Label">'), {
    documents: [{ kind: 'unknown', ok: false }],
  })
  t.match(await explained('<XrML >'.repeat(100)), { documents: { length: 100 } })
  for (const body of ['<XrML >'.repeat(101), '<a>&lt;XrML </a>'.repeat(200_000)]) {
    const many = await ask('/lab/explain', { method: 'POST', body })
    t.match([many.status, await many.json()], [400, { message: /more than 100 documents: no more are looked at/ }])
  }
  const large = await ask('/lab/explain', { method: 'POST', body: Buffer.alloc(4 * 1024 * 1024 + 1, 'a') })
  t.equal(large.status, 413)
  t.match(await large.json(), { message: /too large/ })
  await t.rejects(lab.explain(Buffer.from('<XrML >'.repeat(101))), { name: 'LabInputError' })
  t.equal((await fetch(`${manage}/lab/explain`, { method: 'POST', body: content.text })).status, 401)
})
