/** Access tokens by hand, and another issuer: the command and the settings, against an installation in this process. */
import { writeFileSync } from 'node:fs'
import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import { readTokenIssuer } from '../../src/cli/token-issuer.js'
import { startInstallation } from '../../src/manage/start.js'
import { run } from './command.js'

const lab = await startInstallation()
t.teardown(() => lab.close())
const origin = new URL(lab.url).origin
const token = (...args: readonly string[]) => run(['token', ...args, '--manage', lab.manage])
const templates = async (accessToken: string): Promise<number> =>
  (await fetch(`${origin}/my/v2/templates`, { headers: { authorization: `Bearer ${accessToken}` } })).status

t.test('a token is printed alone, so that a script can take it', async (t) => {
  const { code, stdout } = await token('bob@contoso.test')
  t.equal(code, 0)
  t.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/)
  t.equal(await templates(stdout.trim()), 200)
  const json = JSON.parse((await token('CONTOSO\\carol', '--json')).stdout) as Readonly<Record<string, unknown>>
  t.match(json, { token_type: 'bearer', expires_in: 3600, account: 'CONTOSO\\carol' })
  t.equal(await templates(String(json['access_token'])), 200)
})

t.test('tokens that are to be refused can be made too', async (t) => {
  for (const flags of [
    ['--lifetime', '-1'],
    ['--audience', 'another.service.test'],
  ]) {
    const { code, stdout } = await token('bob@contoso.test', ...flags)
    t.equal(code, 0)
    t.equal(await templates(stdout.trim()), 401, flags.join(' '))
  }
})

t.test('what is asked for in a wrong way is said', async (t) => {
  t.match(await token('nobody@contoso.test'), { code: 1, stderr: /nobody@contoso\.test/ })
  t.match(await token('bob', '--lifetime', 'long'), { code: 2, stderr: /--lifetime is "long"/ })
  t.match(await token('bob', '--lifetime', '999999999'), { code: 2, stderr: /lifetimeSeconds/ })
})

t.test('an issuer outside comes with its keys, of which the public halves are kept', async (t) => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwks = JSON.stringify({ keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'k' }] })
  const file = join(t.testdir(), 'keys.json')
  writeFileSync(file, jwks)
  for (const keys of [jwks, file]) {
    const issuer = await readTokenIssuer({
      tokenIssuer: 'https://adfs.fabrikam.test/adfs/services/trust',
      tokenIssuerKeys: keys,
    })
    t.match(issuer, {
      issuer: 'https://adfs.fabrikam.test/adfs/services/trust',
      authorizationUrl: 'https://adfs.fabrikam.test/adfs/oauth2/authorize',
    })
    t.same(Object.keys((JSON.parse(issuer?.jwks ?? '') as { keys: readonly object[] }).keys[0] ?? {}), [
      'kty',
      'n',
      'e',
      'kid',
    ])
  }
  t.match(await readTokenIssuer({ tokenIssuer: 'https://sts.windows.net/tenant/', tokenIssuerKeys: jwks }), {
    authorizationUrl: 'https://sts.windows.net/tenant/oauth2/authorize',
  })
  t.equal(await readTokenIssuer({ tokenIssuer: undefined, tokenIssuerKeys: undefined }), undefined)
  await t.rejects(readTokenIssuer({ tokenIssuer: 'https://x.test', tokenIssuerKeys: undefined }), /Give both/)
  await t.rejects(readTokenIssuer({ tokenIssuer: 'https://x.test', tokenIssuerKeys: '{}' }), /no JWKS/)
  await t.rejects(
    readTokenIssuer({ tokenIssuer: 'https://x.test', tokenIssuerKeys: join(file, 'none') }),
    /cannot be read/,
  )
})
