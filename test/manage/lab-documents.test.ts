/** Documents of an installation in this process: explained and made by hand, over HTTP, in the library and on the command line. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { DocumentPage, DocumentPlace } from '../../src/administration/lab/documents.js'
import type { Issued } from '../../src/administration/lab/issue.js'
import { issuedKinds, type IssueWanted } from '../../src/administration/lab/issue-wanted.js'
import { openAccount } from '../../src/client/account.js'
import { connect, readyMachine } from '../../src/client/index.js'
import { openLicense } from '../../src/client/open.js'
import { openPublisher } from '../../src/client/publisher.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { explain } from '../../src/explain/explain.js'
import type { Explanation } from '../../src/explain/explanation.js'
import { documentFaults } from '../../src/lab/faults/document-fault.js'
import { startInstallation } from '../../src/manage/start.js'
import { readDocuments } from '../../src/xrml/document.js'
import { labTrustRoot } from '../../src/xrml/lab-hierarchy.js'
import { readUl } from '../../src/xrml/ul.js'
import { run } from '../cli/command.js'
import { explainedAs } from '../fixtures/fault-sightings.js'

t.setTimeout(900_000)

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
  t.match(shown, { code: 0, stdout: /Good and trusted/ }, 'with the chain of the server, which is not in the file')
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
  t.match(await large.json(), { error: 'PayloadTooLarge', message: /larger than the \d+ octets/ })
  await t.rejects(lab.explain(Buffer.from('<XrML >'.repeat(101))), { name: 'LabInputError' })
  t.equal((await fetch(`${manage}/lab/explain`, { method: 'POST', body: content.text })).status, 401)
})

const trustRoots = [labTrustRoot(1)]
const kindOf = { rac: 'RAC', clc: 'CLC', pl: 'PL', ul: 'UL' } as const

async function issued(wanted: object): Promise<Issued> {
  const answer = await ask('/lab/issue', {
    method: 'POST',
    body: JSON.stringify(wanted),
    headers: { 'content-type': 'application/json' },
  })
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`)
  return (await answer.json()) as Issued
}

/** What its holder finds: rejects when a key in it does not open. */
const opened: Readonly<Record<IssueWanted['kind'], (made: Issued) => Promise<unknown>>> = {
  rac: (made) => openAccount(readDocuments(made.chain), readyMachine(made.machine ?? ''), trustRoots),
  clc: async (made) => openPublisher(readDocuments(made.chain), await accountOf('bob'), trustRoots),
  pl: (made) => at('bob').acquireLicense(made.documents[0]?.text ?? ''),
  ul: async (made) => {
    const chain = readDocuments(made.chain)
    const [leaf] = chain
    if (leaf === undefined) throw new Error('nothing was made')
    return openLicense({ ul: readUl(leaf), chain }, await accountOf('bob'), new Date())
  },
}

async function accountOf(account: string): Promise<Awaited<ReturnType<typeof openAccount>>> {
  const { chain, machine } = await issued({ kind: 'rac', account })
  return openAccount(readDocuments(chain), readyMachine(machine ?? ''), trustRoots)
}

for (const kind of issuedKinds) {
  t.test(`a ${kindOf[kind]} is made for bob, rightly and in each wrong way`, async (t) => {
    const good = await issued({ kind, account: 'bob' })
    t.match(good, {
      kind,
      account: 'CONTOSO\\bob',
      cluster: 'root',
      documents: [{ kind: kindOf[kind] }, { kind: 'SLC' }],
    })
    t.equal((await explained(good.chain)).firstProblem, undefined)
    t.ok(await opened[kind](good), 'and can be opened')
    for (const wrong of documentFaults) {
      const bad = await issued({ kind, account: 'bob', wrong })
      t.equal(bad.wrong, wrong)
      const { firstProblem } = await explained(bad.chain)
      const expected = explainedAs[wrong]
      if (expected !== undefined) t.match(firstProblem, expected, wrong)
      else {
        t.equal(firstProblem, undefined, `${wrong}: all else is good`)
        await t.rejects(opened[kind](bad), `${wrong}: it cannot be opened`)
      }
    }
  })
}

t.test('licenses have the rights that are asked for, and are for the content that is given', async (t) => {
  const pl = await lab.issue({
    kind: 'pl',
    account: 'alice@contoso.test',
    rights: [{ to: 'legal@contoso.test', rights: ['view', 'EDIT'], days: 7 }],
  })
  const policy = (await lab.explain(Buffer.from(pl.chain))).documents[0]?.policy
  t.match(policy, {
    owner: 'alice@contoso.test',
    list: [{ right: 'VIEW', principal: 'legal@contoso.test' }, { right: 'EDIT' }, { right: 'OWNER' }],
  })
  const ul = await lab.issue({ kind: 'ul', account: 'bob', license: Buffer.from(pl.chain).toString('base64') })
  t.equal(ul.contentId, pl.contentId)
  const { rights } = (await lab.explain(Buffer.from(ul.chain))).documents[0] ?? {}
  t.same(rights?.list.map(({ right }) => right).toSorted(), ['EDIT', 'VIEW'], 'carried by the group')
  t.match(await lab.issue({ kind: 'ul', account: 'alice', owner: 'alice' }), { documents: [{ kind: 'UL' }] })
  const [template] = await alice.templates()
  const official = await lab.issue({ kind: 'pl', account: 'alice', template: template?.texts[0]?.name ?? '' })
  t.equal((await lab.explain(Buffer.from(official.chain))).documents[0]?.policy?.template, template?.guid)

  await t.rejects(lab.issue({ kind: 'ul', account: 'mallory', license: pl.chain }), {
    name: 'Problem',
    message: /AcquireLicense of cluster root refuses at "decide rights": .*NoRightsForRequestedPrincipalException/,
  })
  await t.rejects(lab.issue({ kind: 'rac', account: 'nomail' }), {
    message: /has no mail address.*ADEntrySearchFailed/,
  })
  await t.rejects(lab.issue({ kind: 'pl', account: 'nomail' }), {
    message: /nomail cannot be the author: .*no mail address/,
  })
})

t.test('what cannot be issued is refused with what was meant', async (t) => {
  const refused: readonly (readonly [object, RegExp])[] = [
    [{}, /"kind" of what to issue is missing: "rac", "clc", "pl", "ul"/],
    [{ kind: 'rak', account: 'bob' }, /"kind" of what to issue cannot be "rak": did you mean "rac"/],
    [{ kind: 'rac' }, /"account" of what to issue is missing/],
    [{ kind: 'rac', account: '' }, /"account" is ""/],
    [
      { kind: 'rac', account: 'bobb@contoso.test' },
      /no account "bobb@contoso.test" for "account": did you mean "bob@contoso.test"/,
    ],
    [{ kind: 'rac', acount: 'bob' }, /has no member "acount": did you mean "account"/],
    [{ kind: 'rac', account: 'bob', wrong: 'expird' }, /"wrong" of the RAC cannot be "expird": did you mean "expired"/],
    [{ kind: 'rac', account: 'bob', cluster: 'rot' }, /no cluster "rot": did you mean "root"/],
    [{ kind: 'rac', account: 'bob', machine: 'bob-pc-mode' }, /no machine "bob-pc-mode": did you mean "bob-pc-mode1"/],
    [
      { kind: 'rac', account: 'bob', machine: 'bob-pc-mode2' },
      /of another mode than cluster "root", which is of Mode 1/,
    ],
    [{ kind: 'rac', account: 'bob', rights: [] }, /"rights" is not of a RAC: it goes with pl and ul/],
    [{ kind: 'pl', account: 'bob', owner: 'alice' }, /"owner" is not of a PL: it goes with ul/],
    [{ kind: 'pl', account: 'bob', rights: [] }, /"rights" must be a list/],
    [
      { kind: 'pl', account: 'bob', rights: [{ to: 'x', rights: ['VIEW'] }] },
      /"x" is neither a mail address nor ANYONE/,
    ],
    [
      { kind: 'pl', account: 'bob', rights: [{ to: 'ANYONE', rights: ['VEIW'] }] },
      /nobody knows "VEIW". Did you mean VIEW/,
    ],
    [
      { kind: 'pl', account: 'bob', rights: [{ to: 'ANYONE', rights: ['VIEW'], until: '2026' }] },
      /"until" of an entry is no instant/,
    ],
    [{ kind: 'pl', account: 'bob', template: 'nothing' }, /There is no template "nothing". The server has /],
    [
      { kind: 'pl', account: 'bob', template: 'x', rights: [{ to: 'ANYONE', rights: ['VIEW'] }] },
      /either "rights" or "template", not both/,
    ],
    [{ kind: 'ul', account: 'bob', license: 'nonsense' }, /"license" is no publishing license/],
    [{ kind: 'ul', account: 'bob', license: '<XrML' }, /"license" is no publishing license/],
    [{ kind: 'ul', account: 'bob', owner: 'alise' }, /no account "alise" for "owner": did you mean "alice"/],
    [[], /What to issue must be an object/],
  ]
  for (const [body, message] of refused) {
    const answer = await ask('/lab/issue', {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    })
    t.equal(answer.status, 400, JSON.stringify(body))
    const told = ((await answer.json()) as { message: string }).message
    t.ok(Array.isArray(body) ? /must be/.test(told) : message.test(told), told)
  }
})

t.test('on the command line what is made goes to a file, or on to the next command', async (t) => {
  const path = join(t.testdir(), 'bob.xrml')
  const made = await run(['lab', 'issue', 'rac', '--account', 'bob', '--wrong', 'expired', '--out', path, ...reach])
  t.match(made, { code: 0, stdout: /RAC +[0-9a-f]{64} .*\n[^]*Written to .*bob\.xrml/ })
  t.match((await explained(readFileSync(path))).firstProblem, { check: 'validity', document: 1 })
  const again = await run(['lab', 'issue', 'rac', '--account', 'bob', '--out', path, ...reach])
  t.match(again, { code: 1, stderr: /is there already/ })
  const piped = await run(['lab', 'issue', 'pl', '--account', 'alice', '--to', 'bob@contoso.test=PRINT', ...reach])
  t.match((await explained(piped.stdout)).documents[0]?.policy?.list, [
    { right: 'PRINT', principal: 'bob@contoso.test' },
  ])
  const plan = join(t.testdir(), 'plan.pl')
  const kept = await run(['lab', 'issue', 'pl', '--account', 'alice', '--out', plan, ...reach])
  // A publishing license has no id of its own: it is told by its content.
  t.match(kept, { code: 0, stdout: /^PL +[0-9a-f]{64}\n[^]*\nContent: \{[0-9a-f-]{36}\}\nWritten to / })
  const wrong = await run(['lab', 'issue', 'rac', '--account', 'bobb', ...reach])
  t.match(wrong, { code: 2, stderr: /did you mean "bob"/ })
})

t.test('a client publishes what has ended, and what has not begun: servers give nothing for it', async (t) => {
  const refusal = { message: /IssuanceLicenseIsNotWithinValidTimeRangeException/ }
  const folder = t.testdir({ 'plan.txt': 'plan' })
  const plan = ['client', 'publish', join(folder, 'plan.txt'), '--to', 'bob@contoso.test=VIEW']
  const publish = (name: string, ...times: readonly string[]) =>
    run([...plan, '--out', join(folder, name), '--server', installation.url, ...times])
  t.match(await publish('ended', '--until', '2020-01-01T00:00:00Z'), { code: 0, stderr: /It has ended/ })
  t.match(await publish('early', '--from', '2999-01-01T00:00:00Z'), { code: 0, stderr: /It has not begun/ })
  for (const name of ['ended', 'early']) {
    const file = readFileSync(join(folder, name))
    await t.rejects(at('bob').openFile(file), refusal, name)
    t.match((await explained(file)).documents[0]?.validity, { ok: false }, name)
  }
  t.match(await publish('none', '--until', 'tomorrow'), { code: 2, stderr: /--until is no instant: "tomorrow"/ })
  const both = await publish('none', '--from', '2030-01-02T00:00:00Z', '--until', '2030-01-01T00:00:00Z')
  t.match(both, { code: /^[12]$/, stderr: /must be at least a minute after the beginning/ })

  for (const year of [2020, 2999]) {
    const clock = { now: () => new Date(Date.UTC(year, 0, 1)), monotonic: () => 0 }
    const own = connect({
      url: installation.url,
      user: 'alice',
      password,
      machine: readyMachine('alice-pc-mode1'),
      clock,
    })
    const { text } = await own.publishOnline({
      rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }],
      validUntil: new Date(Date.UTC(year, 0, 2)),
    })
    await t.rejects(at('bob').acquireLicense(text), refusal, `by a clock of ${year}`)
  }
})

t.test('documents that came and went are listed, each with those above it and below it', async (t) => {
  await lab.journal.clear()
  const { text, contentId } = await alice.publish({ rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] })
  const { ul } = await at('bob').acquireLicense(text)
  const list = async (query: string): Promise<DocumentPage> => {
    const answer = await ask(`/lab/documents${query}`)
    t.equal(answer.status, 200)
    return (await answer.json()) as DocumentPage
  }
  const all = await list('')
  t.same(all.gaps, [])
  t.equal(all.matched, new Set(all.documents.map(({ hash }) => hash)).size, 'each once')
  t.same([...new Set(all.documents.map(({ kind }) => kind))].toSorted(), ['CA', 'CLC', 'PL', 'RAC', 'SLC', 'SPC', 'UL'])
  const [license] = (await list(`?guid=${contentId.toUpperCase()}&kind=ul`)).documents
  t.match(license, {
    kind: 'UL',
    account: 'bob@contoso.test',
    content: contentId,
    seen: 1,
    characters: ul.document.text.length,
  })
  t.equal((await lab.journal.find(license?.exchanges[0] ?? '')).operation, 'AcquireLicense')
  t.match((await list('?account=alice')).documents.map(({ kind }) => kind).toSorted(), ['CLC', 'PL'])
  t.equal((await list(`?hash=${license?.hash.slice(0, 12)}`)).matched, 1)
  t.equal((await list('?limit=2&skip=1')).documents[0]?.hash, all.documents[1]?.hash)
  t.same((await list('?account=nobody')).documents, [])

  const place = (await (await ask(`/lab/documents/${license?.hash}`)).json()) as DocumentPlace
  t.match(
    place.issuers.map(({ kind }) => kind),
    ['SLC', 'SLC', 'CA', 'CA'],
  )
  const below = await lab.documents.find(place.issuers[0]?.hash ?? '')
  t.ok(below.children.some(({ hash }) => hash === license?.hash))
  t.ok(below.children.some(({ kind }) => kind === 'RAC'))
  const clc = (await lab.documents.list({ kind: 'CLC' })).documents[0]
  t.match((await lab.documents.find(clc?.hash ?? '')).children, [{ kind: 'PL', content: contentId }])

  const raw = await ask(`/lab/documents/${license?.hash}/raw`)
  t.match(raw.headers.get('content-type'), /^text\/xml/)
  t.equal(raw.headers.get('x-blanked'), null)
  t.equal(await raw.text(), ul.document.text)
  t.equal((await lab.documents.explain(license?.hash ?? '')).firstProblem, undefined)

  const [rac] = (await lab.documents.list({ kind: 'RAC', account: 'bob@contoso.test' })).documents
  const blanked = await ask(`/lab/documents/${rac?.hash}/raw`)
  t.equal(blanked.headers.get('x-blanked'), 'private-key')
  t.match(await blanked.text(), /\[blanked\]/)
  const good = await lab.documents.explain(rac?.hash ?? '')
  t.equal(good.firstProblem, undefined, 'it is explained whole')
  t.notMatch(JSON.stringify(good), /ENABLINGBITS/)

  t.equal((await ask('/lab/documents?kind=urgl')).status, 400)
  t.match(await (await ask('/lab/documents?kind=slk')).json(), {
    message: /"kind" of documents cannot be "slk": did you mean "SLC"/,
  })
  t.match(await (await ask('/lab/documents/xyz')).json(), { message: /"xyz" is no hash of a document/ })
  t.equal((await ask(`/lab/documents/${'0'.repeat(64)}/raw`)).status, 404)
  t.equal((await ask(`/lab/documents/${'0'.repeat(64)}/explain`)).status, 404)

  const shown = await run(['lab', 'documents', '--kind', 'UL', ...reach])
  t.match(shown, { code: 0, stdout: new RegExp(`UL +bob@contoso\\.test .*${license?.hash}`) })
  const one = await run(['lab', 'documents', license?.hash ?? '', ...reach])
  t.match(one.stdout, /Seen once: root-1\.[^]*Issuers\n.*SLC/)
  t.equal((await run(['lab', 'documents', license?.hash ?? '', '--raw', ...reach])).stdout.trimEnd(), ul.document.text)
  t.match(await run(['lab', 'documents', license?.hash ?? '', '--explain', ...reach]), {
    code: 0,
    stdout: /Good and trusted/,
  })

  await lab.journal.clear()
  t.equal((await list('')).matched, 0, 'they go with the journal')
})
