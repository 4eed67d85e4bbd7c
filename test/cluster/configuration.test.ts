import t from 'tap'
import { parseConfiguration } from '../../src/cluster/configuration-checks.js'
import {
  addedSinceSchema3,
  configurationText,
  defaultConfiguration,
  nextVersion,
} from '../../src/cluster/configuration.js'

const key = Buffer.alloc(256, 1).toString('base64')
const configuration = defaultConfiguration({
  serverName: 'lab',
  baseUrl: 'http://127.0.0.1:7000/_wmcs',
  cryptographicMode: 2,
  slc: ['<XrML/>'],
  trustedSpcCAKeys: [key],
  trustedRacIssuers: [key],
})
const changed = (change: object): string => JSON.stringify({ ...configuration, ...change })

t.test('a configuration comes back from its text', async (t) => {
  t.same(parseConfiguration(configurationText(configuration)), configuration)
  const full = {
    ...configuration,
    applicationExclusionPolicy: [{ minimumVersion: '1.0', maximumVersion: '2.0.0.0', filename: 'winword.exe' }],
    racExclusionPolicy: [key],
    spcExclusionPolicy: '5.0.0.0',
    superUserGroup: 'superusers@contoso.test',
    externalLicensingUrl: 'https://rms.contoso.test/_wmcs/licensing',
    trustedLicensingServers: [{ slc: ['<XrML/>'], publicKey: key, sealedKeyPair: 'v1:a:b', templates: [] }],
    devicePlatforms: ['iOS'],
    oauthClients: [
      { id: 'com.contoso.app', redirectUris: ['com.contoso.app://authorize', 'https://app.contoso.test/x?y=z'] },
    ],
    tokenIssuer: {
      issuer: 'https://adfs.contoso.test/adfs',
      authorizationUrl: 'https://adfs.contoso.test/adfs/oauth2/authorize',
      jwks: '{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}',
    },
  }
  t.same(parseConfiguration(JSON.stringify(full)), full)
})

t.test('a wrong, missing or unknown field is named', async (t) => {
  const wrong: Readonly<Record<string, unknown>> = {
    configurationVersion: -1,
    configurationRefreshIntervalSeconds: 0,
    serverVersion: 'six',
    serverName: '',
    cryptographicMode: 3,
    trustedSpcCAKeys: ['no key'],
    slc: 'text',
    osExclusionEnabled: 'yes',
    osExclusionPolicy: '1.0',
    racExclusionPolicy: {},
    racValidityTimeSeconds: 1.5,
    baseUrl: 'http://x/_wmcs/',
    licensingUrl: 'ftp://x',
    superUserGroup: 'CONTOSO\\x',
    applicationExclusionPolicy: [{ minimumVersion: '1', maximumVersion: '2' }],
    trustedLicensingServers: [{ slc: [], publicKey: key, sealedKeyPair: 'x', templates: [], keyPair: 'not here' }],
    admittedGroups: { '/Certification/X.asmx': [] },
    deletedTemplates: 'forget',
    excludedAccounts: [{ publicKey: key, account: null, since: 'yesterday' }],
    devicePlatforms: [''],
    tokenIssuer: {
      issuer: 'https://x/adfs',
      authorizationUrl: 'https://x/adfs',
      jwks: '{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQAB"}]}',
    },
    oauthClients: [{ id: 'app', redirectUris: ['https://app.contoso.test/#here'] }],
    automaticSignIn: 'yes',
  }
  for (const [field, value] of Object.entries(wrong)) {
    t.throws(() => parseConfiguration(changed({ [field]: value })), {
      name: 'InvalidConfiguration',
      message: new RegExp(`field ${field} is`),
    })
  }
  for (const field of Object.keys(configuration).filter((name) => !Object.hasOwn(addedSinceSchema3, name))) {
    t.throws(() => parseConfiguration(changed({ [field]: undefined })), new RegExp(`lacks the field ${field}`))
  }
  t.throws(() => parseConfiguration(changed({ keyPair: 'x' })), /unknown field "keyPair"/)
  for (const text of ['', '{', 'null', '[]', '1'])
    t.throws(() => parseConfiguration(text), { name: 'InvalidConfiguration' })
})

t.test(
  'a document of an earlier program of the same schema is read: what came has its default, what went is left out',
  async (t) => {
    const earlier = {
      federatedRacValidityTimeSeconds: 86_400,
      persistRac: true,
      noRightsCacheEnabled: true,
      revocationType: 'StandardRevocation',
      revocationAuthorities: [],
      excludedAccounts: undefined,
      deletedTemplates: undefined,
      oauthClients: undefined,
    }
    t.same(parseConfiguration(changed(earlier)), configuration)
  },
)

t.test('the version starts again at 1 above a million', async (t) => {
  t.same([0, 1, 999_999, 1_000_000].map(nextVersion), [1, 2, 1_000_000, 1])
})
