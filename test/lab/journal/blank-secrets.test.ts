import t from 'tap'
import { blankBody, blankHeader, blankInnerHeader, blankUrl } from '../../../src/lab/journal/blank-secrets.js'

const secret = 'Passw0rd!xYz'
const base64 = Buffer.from(`CONTOSO\\bob:${secret}`).toString('base64')

t.test('headers keep what tells how somebody signs in, and lose with what', async (t) => {
  const shown: readonly (readonly [string, string, string])[] = [
    ['Authorization', `Basic ${base64}`, 'Basic [blanked]'],
    ['authorization', `basic   ${base64}`, 'basic [blanked]'],
    ['Authorization', 'NTLM TlRMTVNTUAADAAAAGAAYAHgAAAA=', 'NTLM [blanked]'],
    ['Authorization', 'Negotiate oXcwdaADCgEBoloEWE5UTE1TU1A', 'Negotiate [blanked]'],
    ['AUTHORIZATION', 'Bearer eyJhbGciOi.eyJzdWIi.c2ln', 'Bearer [blanked]'],
    ['Authorization', secret, '[blanked]'],
    ['Proxy-Authorization', `Basic ${base64}`, 'Basic [blanked]'],
    ['Cookie', `session=${secret}; theme=dark`, 'session=[blanked]; theme=[blanked]'],
    ['Set-Cookie', `session=${secret}; Path=/; HttpOnly`, 'session=[blanked]; Path=/; HttpOnly'],
    ['Location', `app://done?code=${secret}&state=7`, 'app://done?code=[blanked]&state=7'],
    ['X-Balancer-Key', secret, '[blanked]'],
    ['WWW-Authenticate', 'NTLM TlRMTVNTUAACAAAA', 'NTLM TlRMTVNTUAACAAAA'],
    ['User-Agent', 'test', 'test'],
  ]
  for (const [name, value, expected] of shown)
    t.equal(blankHeader({ name, value }).value, expected, `${name}: ${value}`)
  t.equal(blankInnerHeader({ name: 'x-balancer-key', value: secret }).value, '[blanked]', 'never shown')
  t.equal(blankInnerHeader({ name: 'Cookie', value: secret }).value, secret, 'the rest is, where secrets are asked for')
})

t.test('addresses lose codes and tokens', async (t) => {
  t.equal(
    blankUrl(`https://rms.test/cb?state=1&code=${secret}&access_token=${secret}#id_token=${secret}`),
    'https://rms.test/cb?state=1&code=[blanked]&access_token=[blanked]#id_token=[blanked]',
  )
  t.equal(blankUrl('https://rms.test/x?codec=1&mycode=2'), 'https://rms.test/x?codec=1&mycode=2')
})

t.test('forms and JSON lose passwords, codes, tokens and content keys, and keep the codes of refusals', async (t) => {
  const form = `grant_type=password&username=bob&Password=${secret}&client_secret=${secret}&refresh_token=${secret}&code_verifier=${secret}&code=${secret}`
  t.equal(
    blankBody(form, 'application/x-www-form-urlencoded'),
    'grant_type=password&username=bob&Password=[blanked]&client_secret=[blanked]&refresh_token=[blanked]&code_verifier=[blanked]&code=[blanked]',
  )
  t.equal(blankBody(`password=${secret}`, ''), 'password=[blanked]', 'whatever they say that they are')
  t.same(
    JSON.parse(
      blankBody(
        JSON.stringify({ access_token: secret, refresh_token: `a\\"${secret}`, id_token: secret, expires_in: 3600 }),
        'application/json; charset=utf-8',
      ),
    ),
    { access_token: '[blanked]', refresh_token: '[blanked]', id_token: '[blanked]', expires_in: 3600 },
  )
  const answer = {
    AccessStatus: 'AccessGranted',
    Key: { Algorithm: 'AES', Other: { a: 'b' }, Value: secret },
    EncryptedApplicationData: { Value: 'stays' },
    Code: 'Microsoft.RightsManagement.Exceptions.BadInputException',
  }
  t.same(JSON.parse(blankBody(JSON.stringify(answer), 'application/json')), {
    ...answer,
    Key: { ...answer.Key, Value: '[blanked]' },
  })
  t.same(JSON.parse(blankBody('{"Key":null,"Value":"stays"}', 'application/json')), { Key: null, Value: 'stays' })
})

const sealed = (value: string) =>
  `<ENABLINGBITS type="sealed-key-v2"><VALUE encoding="base64" size="12">${value}</VALUE></ENABLINGBITS>`
const document = (type: string) =>
  `<XrML version="1.2"><BODY type="LICENSE"><DESCRIPTOR><OBJECT type="${type}"><ID>1</ID></OBJECT></DESCRIPTOR>${sealed(secret)}</BODY></XrML>`
const withKey = ['Group-Identity-Credential', 'Client-Licensor-Certificate']
const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

t.test(
  'certificates lose the private keys that are sealed in them, in whatever form they travel; licenses keep theirs',
  async (t) => {
    const ul = document('').replace('<XrML ', '<XrML purpose="Content-License" ')
    for (const type of withKey) {
      const raw = `<s:Envelope><s:Body><Certificate>${document(type)}</Certificate><Certificate>${ul}</Certificate></s:Body></s:Envelope>`
      const blanked = blankBody(raw, 'text/xml')
      t.equal(blanked, raw.replace(secret, '[blanked]'), `${type}: the first one alone is blanked`)
      t.notMatch(blankBody(`<Certificate>${escaped(document(type))}</Certificate>`, 'text/xml'), secret, 'escaped')
      for (const encoding of ['utf8', 'utf16le'] as const) {
        const file = Buffer.from(ul + document(type), encoding)
        const json = JSON.stringify({ SerializedPublishingLicense: file.toString('base64') })
        const slashed = json.replaceAll('/', '\\/')
        for (const text of [json, slashed]) {
          const { SerializedPublishingLicense: shown } = JSON.parse(blankBody(text, 'application/json')) as Record<
            string,
            string
          >
          t.equal(
            Buffer.from(shown ?? '', 'base64').toString(encoding),
            ul + document(type).replace(secret, '[blanked]'),
          )
        }
        const node = blankBody(`<Certificate>${file.toString('base64')}</Certificate>`, 'text/xml')
        const inside = Buffer.from(/>([^<]*)</.exec(node)?.[1] ?? '', 'base64').toString(encoding)
        t.equal(inside, ul + document(type).replace(secret, '[blanked]'))
      }
    }
  },
)

t.test(
  'a content key that a decommissioned cluster hands out, and a password in WS-Security, are blanked',
  async (t) => {
    t.equal(
      blankBody(`<a><ContentKey>${secret}</ContentKey><ContentKeyType>AES</ContentKeyType></a>`, 'text/xml'),
      '<a><ContentKey>[blanked]</ContentKey><ContentKeyType>AES</ContentKeyType></a>',
    )
    t.equal(
      blankBody(`<a><wsse:Password Type="x">${secret}</wsse:Password></a>`, 'text/xml'),
      '<a><wsse:Password Type="x">[blanked]</wsse:Password></a>',
    )
  },
)

t.test('what clients send to be slow is not slow to be blanked', async (t) => {
  const many = 200_000
  for (const part of [
    '<XrML ',
    '&lt;XrML ',
    '<ENABLINGBITS ',
    '<ENABLINGBITS><VALUE ',
    '&lt;ENABLINGBITS ',
    '<Certificate>AAAA',
    '<Certificate>' + ' '.repeat(20),
    '"Key":{',
    '"Key":{"":"",',
    '"Serialized":"',
    '"access_token":"',
    'code=&',
    '<Password ',
  ]) {
    const text = part.repeat(many / 10)
    for (const type of ['text/xml', 'application/json', 'application/x-www-form-urlencoded'])
      for (const before of ['', document(withKey[0] ?? '').replace('</BODY></XrML>', '')])
        t.type(blankBody(before + text, type), 'string')
  }
})
