/** Two installations of two forests, and people of one who open what the other has protected: once they know each other, and not before. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { connect, readyMachine, type RmsClient } from '../../src/client/index.js'
import { exceptions } from '../../src/exceptions.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { startInstallation, type Installation } from '../../src/manage/start.js'

t.setTimeout(900_000)
const token = 'of-contoso'
const [contoso, fabrikam] = await Promise.all([
  startInstallation({ token, scopes: 1 }),
  startInstallation({ forest: 'fabrikam.test' }),
])
t.teardown(() => Promise.all([contoso.close(), fabrikam.close()]))

const at = ({ url, ready }: Installation, user: string): RmsClient =>
  connect({ url, user: `${user}@${ready.forest}`, password, machine: readyMachine('bob-pc-mode2') })
const [alice, contosoBob] = [at(contoso, 'alice'), at(contoso, 'bob')]
const [bob, carol, mallory, fabrikamAlice] = ['bob', 'carol', 'mallory', 'alice'].map((user) => at(fabrikam, user))
const plain = Buffer.from('for fabrikam')
const protect = (by: RmsClient | undefined, to: string): Promise<Buffer> | undefined =>
  by?.protectFile(plain, '.txt', { rights: [{ to, rights: ['VIEW'] }] })

async function call(
  { manage }: Pick<Installation, 'manage'>,
  method: string,
  path: string,
  body?: object,
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }> {
  const answer = await fetch(new URL(path, manage), {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>) }
}

async function refusal(opening: Promise<unknown> | undefined): Promise<unknown> {
  try {
    await opening
    return 'it was opened'
  } catch (error) {
    const { exceptionName, status } = error as { readonly exceptionName?: string; readonly status?: number }
    return exceptionName ?? status
  }
}

const configurations = async (): Promise<string> =>
  JSON.stringify(
    await Promise.all(
      [contoso, fabrikam].map(async ({ manage }) =>
        Promise.all(['user-domains', 'forests'].map((kind) => call({ manage }, 'GET', `/clusters/root/trust/${kind}`))),
      ),
    ),
  )

const forBob = (await protect(alice, 'bob@fabrikam.test')) ?? Buffer.of()
const forStaff = (await protect(alice, 'staff@fabrikam.test')) ?? Buffer.of()
const forAlice = (await protect(bob, 'alice@contoso.test')) ?? Buffer.of()

t.test('before they know each other nobody of the other forest gets a license', async (t) => {
  t.equal(await refusal(bob?.openFile(forBob)), 401, 'there is no account to sign in with')
  t.equal(await refusal(alice.openFile(forAlice)), 401)
  await call(contoso, 'POST', '/clusters/root/access/admit', { endpoint: 'license', name: 'ANONYMOUS' })
  await call(contoso, 'GET', '/clusters/root/applied')
  t.equal(await refusal(bob?.openFile(forBob)), exceptions.UntrustedPersonaCert.name)
  t.notOk('partners' in (await call(contoso, 'GET', '/status')).body)
  t.match((await call(contoso, 'GET', '/forest')).body, { partners: [] })
})

t.test('what is no installation of another forest is refused, and changes nothing', async (t) => {
  const before = await configurations()
  const meet = (url: string, more: object = {}) => call(fabrikam, 'POST', '/forest/partners', { url, ...more })
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  silent.close()
  await once(silent, 'close')
  const other = createServer((_request, response) => response.end('{"hello":"world"}')).listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const stranger = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  const second = await startInstallation()
  t.teardown(() => second.close())
  const mode1 = await startInstallation({ mode: 1, forest: 'adatum.test' })
  t.teardown(() => mode1.close())
  for (const [url, more, status, message] of [
    [`http://127.0.0.1:${port}`, {}, 503, /does not answer at .*ECONNREFUSED/],
    [stranger, {}, 400, /is not the management of an rms-emulator/],
    [contoso.url, { token }, 400, /is not the management of an rms-emulator.*such as http:\/\/127\.0\.0\.1:7080/],
    [contoso.manage, {}, 400, /asks for its management token/],
    [contoso.manage, { token: 'wrong' }, 400, /has another management token/],
    [fabrikam.manage, {}, 409, /That is this installation itself \(fabrikam\.test\)/],
    [mode1.manage, {}, 409, /adatum\.test is not of cryptographic mode 2/],
    ['ftp://x.test', {}, 400, /url/],
  ] as const) {
    const answer = await meet(url, more)
    t.match(answer, { status, body: { message } }, url)
  }
  t.match(await call(contoso, 'POST', '/forest/partners', { url: second.manage }), {
    status: 409,
    body: { message: /Both installations are the forest contoso\.test/ },
  })
  const { forest: _forest, ...introduction } = (await call(fabrikam, 'GET', '/forest/introduction')).body
  for (const [name, more] of [
    ['nothing', {}],
    ['<b>.test', {}],
    ['fabrikam.test', { certificate: '<XrML/>' }],
    ['fabrikam.test', { user: undefined }],
  ] as const)
    t.match(
      await call(contoso, 'PUT', `/forest/partners/${encodeURIComponent(name)}`, { ...introduction, ...more }),
      { status: 400 },
      name,
    )
  t.match(await call(contoso, 'DELETE', '/forest/partners/fabrikam.test'), {
    status: 404,
    body: { message: 'No partner is called fabrikam.test; there is none' },
  })
  await t.rejects(startInstallation({ forestOf: { url: contoso.manage, token } }), {
    status: 409,
    message: /Both installations are the forest contoso\.test/,
  })
  await t.rejects(startInstallation({ forest: 'tailspin.test', forestOf: stranger }), { name: 'Problem', status: 400 })
  t.equal(await configurations(), before)
})

t.test('when they know each other, names and groups of the other forest count, in both directions', async (t) => {
  t.match(await call(fabrikam, 'POST', '/forest/partners', { url: contoso.manage, token }), {
    status: 201,
    body: { forest: 'contoso.test', userDomain: /^[0-9a-f]{32}$/, clusters: ['root'] },
  })
  t.match((await call(contoso, 'GET', '/status')).body, { partners: ['fabrikam.test'] })
  t.match((await call(fabrikam, 'GET', '/forest')).body, { partners: [{ forest: 'contoso.test' }] })
  t.match((await bob?.openFile(forBob))?.plain, plain)
  t.match((await bob?.openFile(forStaff))?.plain, plain, 'bob is in legal, and that in staff')
  t.match((await fabrikamAlice?.openFile(forStaff))?.plain, plain)
  t.match((await alice.openFile(forAlice)).plain, plain)
  const noRights = exceptions.NoRightsForRequestedPrincipal.name
  t.equal(await refusal(carol?.openFile(forBob)), noRights)
  t.equal(await refusal(mallory?.openFile(forStaff)), noRights)
  t.equal(await refusal(contosoBob.openFile(forBob)), noRights, 'the bob of contoso is another one')
  const published = await call(fabrikam, 'GET', '/clusters/root/trust/publishing-domains')
  t.match(published.body, { publishingDomains: [] }, 'no key was given away')
})

t.test('the same again is no other thing; trust that is taken back refuses again, on that side', async (t) => {
  const before = await configurations()
  t.equal((await call(contoso, 'POST', '/forest/partners', { url: fabrikam.manage })).status, 201)
  t.equal(await configurations(), before)
  t.match(await call(contoso, 'DELETE', '/clusters/root/trust/forests/Fabrikam.test'), {
    status: 409,
    body: {
      message: 'fabrikam.test is a partner, whose certificates are trusted too: DELETE /forest/partners/fabrikam.test',
    },
  })
  t.equal(await configurations(), before)
  t.equal((await call(contoso, 'DELETE', '/forest/partners/Fabrikam.test')).status, 204)
  t.equal(await refusal(bob?.openFile(forBob)), exceptions.UntrustedPersonaCert.name)
  t.match((await alice.openFile(forAlice)).plain, plain, 'fabrikam trusts still')
  t.match((await call(contoso, 'GET', '/forest')).body, { partners: [] })

  await call(contoso, 'POST', '/forest/partners', { url: fabrikam.manage })
  const [partner] = (await call(contoso, 'GET', '/forest')).body['partners'] as readonly {
    readonly userDomain: string
  }[]
  await call(contoso, 'DELETE', `/clusters/root/trust/user-domains/${partner?.userDomain}`)
  await call(contoso, 'GET', '/clusters/root/applied')
  t.equal(await refusal(bob?.openFile(forBob)), exceptions.UntrustedPersonaCert.name)
  t.match((await call(contoso, 'GET', '/forest')).body, { partners: [{ forest: 'fabrikam.test', userDomain: null }] })
})

t.test(
  'an installation gets to know one at its start, and one that was started anew takes the place of the former',
  async (t) => {
    const options = { forest: 'adatum.test', forestOf: { url: contoso.manage, token } }
    const ids: unknown[] = []
    for (const _ of [1, 2]) {
      const adatum = await startInstallation(options)
      t.same(adatum.ready.partners, ['contoso.test'])
      const file = (await protect(alice, 'legal@adatum.test')) ?? Buffer.of()
      t.match((await at(adatum, 'bob').openFile(file)).plain, plain)
      const domains = (await call(contoso, 'GET', '/clusters/root/trust/user-domains')).body[
        'userDomains'
      ] as readonly object[]
      t.equal(domains.length, 2, 'the own one, and adatum')
      ids.push(domains[1])
      await adatum.close()
    }
    t.notSame(ids[0], ids[1])
  },
)

t.test('a scope is a partner of its own: the installation that it belongs to is not changed', async (t) => {
  const before = (await call(contoso, 'GET', '/forest')).body['partners']
  const place = { url: `${contoso.manage}/f/met/`, token }
  const tailspin = await startInstallation({ forest: 'tailspin.test', forestOf: place })
  t.teardown(() => tailspin.close())
  t.match((await call(contoso, 'GET', '/f/met/forest')).body, { partners: [{ forest: 'tailspin.test' }] })
  t.same((await call(contoso, 'GET', '/forest')).body['partners'], before)
  const { url } = await contoso.scope('met')
  const author = connect({ url, user: 'alice@contoso.test', password, machine: readyMachine('bob-pc-mode2') })
  const file = await author.protectFile(plain, '.txt', { rights: [{ to: 'bob@tailspin.test', rights: ['VIEW'] }] })
  t.match((await at(tailspin, 'bob').openFile(file)).plain, plain)
})
