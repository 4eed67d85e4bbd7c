/** The journal over HTTP, in the library and on the command line, of one installation in this process. */
import { Ajv } from 'ajv'
import t from 'tap'
import { connect, readyMachine } from '../../src/client/index.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { browserPaths } from '../../src/http/browser-paths.js'
import type { JournalPage } from '../../src/administration/lab/journal.js'
import type { JournalEntry } from '../../src/lab/journal/entry.js'
import { startInstallation } from '../../src/manage/start.js'
import { run } from '../cli/command.js'
import { harSchema } from '../lab/journal/har-schema.js'

const token = 'journal-test-token'
const installation = await startInstallation({ mode: 1, token, scopes: 2 })
t.teardown(() => installation.close())
const { manage, lab } = installation
const { journal } = lab
const headers = { authorization: `Bearer ${token}` }
const ask = (path: string, body?: object, more: RequestInit = {}, base = manage) =>
  fetch(`${base}/lab/journal${path}`, {
    ...more,
    headers: {
      ...headers,
      ...(more.headers as object),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  })

const at = (user: string, url = installation.url) =>
  connect({
    url,
    user: `${user}@contoso.test`,
    password,
    machine: readyMachine('alice-pc-mode1'),
    mode: 1,
  })
const alice = at('alice')
const content = await alice.publish({ rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] })
await at('bob').acquireLicense(content.text)
await t.rejects(at('mallory').acquireLicense(content.text))

t.test('the list has what was done, and why mallory was refused', async (t) => {
  const answer = await ask('?operation=AcquireLicense')
  const { entries, gaps, matched } = (await answer.json()) as JournalPage
  t.equal(matched, 2)
  t.same(gaps, [])
  t.match(entries[0], {
    node: 'root-1',
    cluster: 'root',
    listener: 'direct',
    outcome: 'Succeeded',
    status: 200,
    nearMisses: [],
    decision: [],
  })
  t.match(
    entries[0]?.documents.map(({ direction, kind }) => `${direction} ${kind}`),
    ['in RAC'],
  )
  t.ok(entries[0]?.documents.some(({ direction, kind }) => direction === 'out' && kind === 'UL'))
  t.ok((entries[0]?.steps.length ?? 0) > 5)
  t.match(entries[1], {
    outcome: 'Failed',
    exception: /NoRightsForRequestedPrincipalException$/,
    decision: [{ step: 'decide rights', wanted: 'bob@contoso.test', found: 'mallory@contoso.test' }],
  })
  t.equal(entries[0]?.request, undefined)
  const one = (await (await ask(`/${entries[1]?.id}`)).json()) as JournalEntry
  t.match(one, {
    request: { method: 'POST', body: /AcquireLicense/ },
    answer: { body: /NoRightsForRequestedPrincipalException/ },
  })
  t.match(one.request?.headers.find(({ name }) => /^authorization$/i.test(name))?.value, /^\w+ \[blanked\]$/)
})

t.test('what browsers ask for by themselves is nothing that is refused, and stands in no journal', async (t) => {
  for (const path of browserPaths) {
    t.equal((await fetch(new URL(path, installation.url))).status, 204, path)
    t.equal((await fetch(new URL(path, manage))).status, 204, path)
  }
  t.equal((await fetch(new URL('/favicon.png', installation.url))).status, 404)
  const { entries } = (await (await ask('?text=favicon')).json()) as JournalPage
  t.match(
    entries.map(({ operation }) => operation),
    ['GET /favicon.png'],
  )
})

t.test('as HAR and NDJSON it has requests and answers, and no secret', async (t) => {
  const har = await (await ask('?format=har')).json()
  const isHar = new Ajv({ allErrors: true }).compile(harSchema)
  t.ok(isHar(har), JSON.stringify(isHar.errors))
  const lines = (await (await ask('?format=ndjson')).text()).trim().split('\n')
  t.equal(lines.length, (har as { log: { entries: unknown[] } }).log.entries.length)
  for (const text of [JSON.stringify(har), ...lines])
    t.notMatch(text, /Passw0rd!|PRIVATE KEY|(?:Basic|NTLM|Negotiate) [A-Za-z0-9+/]{12}/)
})

t.test('what is mistyped is refused with what was meant', async (t) => {
  t.equal((await ask('?outcome=failed')).status, 200, 'capitals and small letters are alike')
  for (const [path, meant] of [
    ['?operation=AcquireLicence', /AcquireLicense/],
    ['?node=root-7', /root-1/],
    ['?outcome=faild', /one of Succeeded, Failed: did you mean "Failed"\?/],
    ['?after=x', /position/],
    ['/nobody', /root-1\.mim/],
    ['?limit=0', /limit/],
  ] as const) {
    const answer = await ask(path)
    t.ok([400, 404].includes(answer.status), path)
    t.match(((await answer.json()) as { message: string }).message, meant)
  }
  for (const body of [
    { match: {} },
    { match: {}, timeout: 'PT0S' },
    { match: {}, timeout: 'PT1H' },
    { match: {}, timeout: '5s' },
    { timeout: 'PT1S' },
  ])
    t.equal((await ask('/wait', body)).status, 400, JSON.stringify(body))
  t.equal((await fetch(`${manage}/lab/journal`)).status, 401, 'nobody without the token')
})

t.test('waiting ends with the exchange; in vain it says what came nearest', async (t) => {
  const { position } = await journal.list()
  const waiting = ask('/wait', {
    match: { operation: 'FindServiceLocationsForUser' },
    count: 1,
    timeout: 'PT60S',
    after: position,
  })
  const other = journal.waitFor({ operation: 'Certify', user: 'carol' }, { timeout: 'PT60S' })
  await at('carol').certify()
  t.match(await other, [{ user: 'CONTOSO\\carol' }])
  const answer = await waiting
  t.equal(answer.status, 200)
  t.equal(((await answer.json()) as JournalPage).entries.length, 1)
  const late = await ask('/wait', { match: { operation: 'AcquireLicense', user: 'carol' }, timeout: 'PT0.01S' })
  t.equal(late.status, 408)
  const { entries, nearest } = (await late.json()) as {
    readonly entries: readonly unknown[]
    readonly nearest: readonly { readonly differences: readonly unknown[] }[]
  }
  t.same(entries, [])
  t.same(
    nearest.map(({ differences }) => differences.length),
    [1, 1, 1],
  )
  await t.rejects(journal.waitFor({ user: 'nomail' }, { timeout: 'PT0.01S' }), {
    name: 'NotInJournal',
    message: /0 of 1 came within/,
  })
})

t.test('how many there were is verified', async (t) => {
  const match = { operation: 'AcquireLicense', user: 'bob' }
  t.equal((await ask('/verify', { match, exactly: 1 })).status, 200)
  const never = await ask('/verify', { match, never: true })
  t.equal(never.status, 409)
  t.match(await never.json(), { count: 1, expected: 'never', entries: [{ user: 'CONTOSO\\bob' }] })
  t.match(await journal.verify(match, { atLeast: 1 }), { ok: true })
  await t.rejects(journal.verify(match, { never: true }), {
    name: 'JournalDiffers',
    message: /^There were 1, expected was: never\. The latest: AcquireLicense \(\S+\), Succeeded$/,
    count: 1,
  })
  await t.rejects(journal.verify({ user: 'nomail' }, { exactly: 7 }), {
    name: 'JournalDiffers',
    message: /^There were 0, expected was: exactly 7\. Nearest: /,
  })
  t.equal((await ask('/verify', { match })).status, 400)
})

t.test('as server-sent events they come as they end, and the stream goes on where it was left', async (t) => {
  const { position } = await journal.list()
  const read = async (more: RequestInit, path = '/stream'): Promise<string> => {
    const gone = new AbortController()
    const answer = await ask(path, undefined, { ...more, signal: gone.signal })
    t.match(answer.headers.get('content-type'), /^text\/event-stream/)
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true })
      if (/^data: .*\n\n/m.test(text)) break
    }
    gone.abort()
    return text
  }
  const reading = read({ headers: { 'last-event-id': position } })
  await at('alice').certify()
  const [, id] = /^id: (.*)$/m.exec(await reading) ?? []
  t.ok(id?.startsWith('root-1='))
  const after = await journal.list({}, { after: position })
  const next = await read({}, `/stream?after=${encodeURIComponent(id ?? '')}&operation=Certify`)
  t.match(
    /^data: (.*)$/m.exec(next)?.[1],
    new RegExp(`"id":"${after.entries.find(({ operation }) => operation === 'Certify')?.id}"`),
  )
})

t.test('in a scope it is followed as in the installation, while it grows', async (t) => {
  const scope = await installation.scope('followed')
  const base = `${manage}/f/followed`
  const gone = new AbortController()
  const answer = await ask('/stream', undefined, { signal: gone.signal }, base)
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
  const waiting = scope.lab.journal.waitFor({ operation: 'Certify' }, { timeout: 'PT60S' })
  const asked = ask('/wait', { match: { operation: 'Certify' }, timeout: 'PT60S' }, {}, base)
  await at('alice', scope.url).certify()
  t.match(await waiting, [{ operation: 'Certify', user: 'CONTOSO\\alice' }])
  t.match(await (await asked).json(), { entries: [{ operation: 'Certify' }] })
  // Reading ends when it was told of.
  let told = ''
  while (!/"operation":"Certify".*\n\n/.test(told)) told += Buffer.from((await reader.read()).value ?? []).toString()
  gone.abort()
  await scope.close()
})

t.test('who follows and waits in a scope is answered when it is removed', async (t) => {
  const scope = await installation.scope('removed')
  const base = `${manage}/f/removed`
  const stream = await ask('/stream', undefined, {}, base)
  const waiting = ask('/wait', { match: { operation: 'Certify' }, timeout: 'PT10M' }, {}, base)
  while ((await lab.scopes.list())[0]?.running !== 2) await new Promise((resolve) => setImmediate(resolve))
  await scope.close()
  t.equal((await waiting).status, 408)
  t.match(await stream.text(), /^:/)
  t.same(await lab.scopes.list(), [])
})

t.test('on the command line it reads well, and is JSON for programs', async (t) => {
  const shown = await run(['lab', 'journal', '--manage', manage, '--token', token, '--operation', 'AcquireLicense'])
  t.equal(shown.code, 0, shown.stderr)
  t.match(shown.stdout, /root-1 +AcquireLicense +bob +served/)
  t.match(shown.stdout, /mallory +refused/)
  t.match(shown.stdout, /wanted bob@contoso\.test\n +found mallory@contoso\.test/)
  t.ok(
    shown.stdout.split('\n').every((line) => line.length <= 120),
    'no line is longer than 120',
  )
  const json = await run([
    'lab',
    'journal',
    '--manage',
    manage,
    '--token',
    token,
    '--json',
    '--user',
    'mallory',
    '--limit',
    '1',
  ])
  const entry = JSON.parse(json.stdout) as JournalEntry
  const one = await run(['lab', 'journal', entry.id, '--manage', manage, '--token', token])
  t.match(one.stdout, /Decision\n.*names the account/)
  t.match(one.stdout, /Request\nPOST http/)
  t.match(one.stdout, /Answer\nHTTP\/1\.1 500/)
  t.match(one.stdout, /octets in all: --bodies prints them/)
  const { request } = (await (await ask(`/${entry.id}`)).json()) as JournalEntry
  const whole = await run(['lab', 'journal', entry.id, '--bodies', '--manage', manage, '--token', token])
  t.ok(whole.stdout.includes(request?.body ?? 'nothing'))
  const ofNone = await run(['lab', 'journal', '--bodies', '--manage', manage, '--token', token])
  t.match(ofNone, { code: 2, stderr: /of one exchange: give its id/ })
  const wrong = await run(['lab', 'journal', '--manage', manage, '--token', token, '--operation', 'Certfy'])
  t.equal(wrong.code, 2)
  t.match(wrong.stderr, /did you mean Certify/)
})

t.test('one that is removed is gone, and all others are there', async (t) => {
  const { entries } = await journal.list({ operation: 'AcquireLicense' })
  const [first, second] = entries.map(({ id }) => id)
  if (first === undefined || second === undefined) throw new Error('there are too few')
  const before = (await journal.list()).matched
  t.equal((await ask(`/${first}`, undefined, { method: 'DELETE' })).status, 204)
  t.equal((await ask(`/${first}`)).status, 404)
  const again = await ask(`/${first}`, undefined, { method: 'DELETE' })
  t.equal(again.status, 404)
  t.match(await again.json(), { message: /root-1 has no exchange .* \(any more\)/ })
  await t.rejects(journal.remove('root-9.mim0x3ab-1'), { message: /no server "root-9"/ })
  await t.rejects(journal.remove('nonsense'), { message: /is no id of the journal/ })
  const cleared = await run(['lab', 'journal', second, '--clear', '--manage', manage, '--token', token])
  t.match(cleared, { code: 0, stdout: `${second} is forgotten.\n` })
  t.equal((await journal.list()).matched, before - 2)
  t.same((await journal.list({ operation: 'AcquireLicense' })).entries, [])
})

t.test('what is removed is gone', async (t) => {
  t.equal((await ask('', undefined, { method: 'DELETE' })).status, 204)
  t.match(await journal.list(), { entries: [], matched: 0 })
})
