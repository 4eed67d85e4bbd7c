/** Which access tokens count, and for whom. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import t from 'tap'
import { createLocalJWKSet, SignJWT, type JWK } from 'jose'
import { openStore } from '../../src/cluster/store/open.js'
import { seedDirectory } from '../../src/directory/seed.js'
import { authenticateBearer, restResource, type TokenTrust } from '../../src/identity/bearer.js'
import { fc } from '../fixtures/property.js'

const store = await openStore(':memory:')
t.teardown(() => store.close())
const { directory } = store
await directory.fillIfEmpty(seedDirectory)

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/~'.split('')
const issuer = 'https://adfs.contoso.test/adfs'
const jwk = (key: KeyObject, kid: string): JWK => ({ ...(key.export({ format: 'jwk' }) as JWK), kid })
const trust: TokenTrust = {
  issuer,
  keys: createLocalJWKSet({ keys: [jwk(publicKey, 'rsa'), jwk(curve.publicKey, 'ec')] }),
}
const now = new Date('2026-06-01T12:00:00Z')
const seconds = now.getTime() / 1000

const signed = (
  claims: object,
  { alg = 'RS256', kid = 'rsa', key = privateKey }: { alg?: string; kid?: string; key?: KeyObject } = {},
): Promise<string> =>
  new SignJWT({ iss: issuer, aud: restResource, exp: seconds + 60, ...claims })
    .setProtectedHeader({ alg, kid, typ: 'JWT' })
    .sign(key)
const verdict = (header: string | undefined) => authenticateBearer(header, trust, directory, now)
const nameOf = async (header: string | undefined): Promise<string | undefined> => {
  const found = await verdict(header)
  return 'caller' in found ? found.caller.account.name : undefined
}

t.test(
  'the account is that of the mail address, of the principal name, or of a further address, however the issuer names the claim',
  async (t) => {
    const identity = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims'
    for (const claims of [
      { email: 'Alice@contoso.test' },
      { upn: 'alice@contoso.test' },
      { proxyAddresses: ['smtp:other@x.test', 'SMTP:alice.a@contoso.test'] },
      { [`${identity}/emailaddress`]: 'alice@contoso.test' },
      { [`${identity}/upn`]: 'alice@contoso.test' },
      { 'http://schemas.xmlsoap.org/claims/ProxyAddresses': 'smtp:alice.a@contoso.test' },
      { email: 'alice@contoso.test', upn: 'bob@contoso.test' },
    ]) {
      t.equal(await nameOf(`Bearer ${await signed(claims)}`), 'CONTOSO\\alice', JSON.stringify(claims))
    }
    t.equal(
      await nameOf(`bearer   ${await signed({ upn: 'nomail@contoso.test' })} `),
      'CONTOSO\\nomail',
      'the scheme in any case; somebody without a mail address',
    )
    t.match(await verdict(`Bearer ${await signed({ email: 'bob@contoso.test' })}`), {
      caller: { isAuthenticated: true, authenticationType: 'Bearer' },
    })
    t.equal(
      await nameOf(`Bearer ${await signed({ email: 'bob@contoso.test', aud: ['x', restResource] })}`),
      'CONTOSO\\bob',
      'one audience of several',
    )
    t.equal(
      await nameOf(
        `Bearer ${await signed({ email: 'bob@contoso.test' }, { alg: 'ES256', kid: 'ec', key: curve.privateKey })}`,
      ),
      'CONTOSO\\bob',
      'an issuer with another kind of key',
    )
  },
)

t.test('our own tokens stand for the account of their SID, whatever its addresses are meanwhile', async (t) => {
  const own = { keys: trust.keys }
  const bob = await directory.accountByName('bob')
  const found = await authenticateBearer(
    `Bearer ${await signed({ sub: bob?.sid, email: 'alice@contoso.test', iss: 'any' })}`,
    own,
    directory,
    now,
  )
  t.match(found, { caller: { account: { name: 'CONTOSO\\bob' } } })
  for (const sub of [undefined, '', 'bob@contoso.test', 'S-1-5-21-1-2-3-4'])
    t.match(
      await authenticateBearer(`Bearer ${await signed({ sub, email: 'alice@contoso.test' })}`, own, directory, now),
      { why: /nobody/ },
    )
})

t.test('nobody comes in without the right claims', async (t) => {
  for (const claims of [
    {},
    { email: 'eve@fabrikam.test' },
    { email: 7 },
    { email: ['a'.repeat(300)] },
    { upn: 'alice' },
    { upn: 'CONTOSO\\alice' },
    { email: '' },
    { sub: 'alice@contoso.test' },
    { email: { toString: 'alice@contoso.test' } },
  ]) {
    t.equal(await nameOf(`Bearer ${await signed(claims)}`), undefined, JSON.stringify(claims))
  }
  const bob = await directory.accountByName('bob')
  await directory.changeAccount(bob?.sid ?? '', { enabled: false })
  t.match(await verdict(`Bearer ${await signed({ email: 'bob@contoso.test' })}`), { why: /CONTOSO\\bob is disabled/ })
  await directory.changeAccount(bob?.sid ?? '', { enabled: true })
})

t.test('a token has its time, its issuer, its audience and its key', async (t) => {
  const email = 'bob@contoso.test'
  t.equal(await nameOf(`Bearer ${await signed({ email, exp: seconds + 1 })}`), 'CONTOSO\\bob')
  t.equal(
    await nameOf(`Bearer ${await signed({ email, nbf: seconds + 300 })}`),
    'CONTOSO\\bob',
    'the clock of the issuer may be five minutes ahead',
  )
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  for (const [name, wrong] of [
    ['ended', signed({ email, exp: seconds })],
    ['begins later', signed({ email, nbf: seconds + 302 })],
    ['endless', signed({ email, exp: undefined })],
    ['another issuer', signed({ email, iss: `${issuer}/` })],
    ['another audience', signed({ email, aud: 'https://api.rms.rest.com' })],
    ['no audience', signed({ email, aud: undefined })],
    ['another key', signed({ email }, { key: other })],
    ['a key that is not there', signed({ email }, { kid: 'none' })],
  ] as const) {
    t.equal(await nameOf(`Bearer ${await wrong}`), undefined, name)
  }
})

t.test('what is no token is refused with a reason', async (t) => {
  const good = await signed({ email: 'bob@contoso.test' })
  const [header = '', payload = '', signature = ''] = good.split('.')
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const none = ['none', 'None', 'nOnE', '', 'HS256'].flatMap((alg) => [
    `${part({ alg })}.${payload}.`,
    `${part({ alg, kid: 'rsa' })}.${payload}.${signature}`,
  ])
  const headers = [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    `Basic ${good}`,
    good,
    `Bearer ${good} x`,
    `Bearer ${good}, Bearer ${good}`,
    'Bearer a.b.c',
    'Bearer ...',
    `Bearer ${header}.${payload}`,
    `Bearer ${header}.${payload}.`,
    `Bearer ${part({ alg: 'RS256', kid: 'rsa', crit: ['x'] })}.${payload}.${signature}`,
    `Bearer ${part({ alg: 'RS256', jwk: publicKey.export({ format: 'jwk' }) })}.${payload}.${signature}`,
    `Bearer ${part({ alg: 'RS256', kid: 'ec' })}.${payload}.${signature}`,
    `Bearer ${header}.${part(null)}.${signature}`,
    `Bearer ${'A'.repeat(100_000)}`,
    `Bearer ${good}.${payload}.${signature}`,
    ...none.map((token) => `Bearer ${token}`),
  ]
  for (const text of headers) {
    const found = await verdict(text)
    t.ok('why' in found && found.why.length > 5 && !found.why.includes('\n'), String(text).slice(0, 60))
  }
})

t.test('a token that was changed anywhere counts for nobody', async () => {
  const good = await signed({ email: 'bob@contoso.test' })
  // The last character has spare bits: another one may stand for the same bytes.
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 2), fc.constantFrom(...alphabet), async (at, character) => {
      const changed = good.slice(0, at) + character + good.slice(at + 1)
      return changed === good || (await nameOf(`Bearer ${changed}`)) === undefined
    }),
    { numRuns: 500 },
  )
})

t.test('any text at all is refused, never an error', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ maxLength: 200 }),
      async (text) => 'why' in (await verdict(`Bearer ${text}`)) && 'why' in (await verdict(text)),
    ),
    { numRuns: 300 },
  )
})
