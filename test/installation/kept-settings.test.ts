/** What a start says of a cluster that it finds in the database. */
import t from 'tap'
import { defaultConfiguration } from '../../src/cluster/configuration.js'
import { keptNotices } from '../../src/installation/kept-settings.js'
import { settingsOf } from '../../src/installation/start-settings.js'

const stored = defaultConfiguration({
  serverName: 'root',
  baseUrl: 'http://rms:7000/_wmcs',
  cryptographicMode: 2,
  slc: [],
  trustedSpcCAKeys: [],
  trustedRacIssuers: [],
  automaticSignIn: true,
})
const same = { baseUrl: 'http://RMS:7000/_wmcs/', cryptographicMode: 2 } as const

t.test('nothing is said of what is as it was, or is not spoken of', async (t) => {
  t.same(keptNotices(stored, same), [])
  t.same(keptNotices(stored, { ...same, automaticSignIn: true, emulatedServer: null }), [])
  const ofMode1 = { ...stored, cryptographicMode: 1, serverDecommissioned: true } as const
  t.same(keptNotices(ofMode1, { baseUrl: stored.baseUrl, serverDecommissioned: false }), [], 'a start without flags')
})

t.test('another address, another mode, settings that each start says anew, and those that are added', async (t) => {
  const said = (wanted: object): string => keptNotices(stored, { ...same, ...wanted }).join('\n')
  t.match(
    said({ baseUrl: 'http://rms:7010/_wmcs' }),
    /^it was at http:\/\/rms:7000\/_wmcs and is at http:\/\/rms:7010\/_wmcs now: what was published before names the old/,
  )
  t.match(said({ cryptographicMode: 1 }), /^--crypto-mode is 2, with which it was made, and stays so: 1 would/)
  t.match(said({ automaticSignIn: false }), /^--auto-sign-in was true and is false from this start on/)
  t.match(said({ configurationRefreshIntervalSeconds: 30 }), /^--refresh-interval was 1 and is 30 from this start on/)
  const emulatedServer = { operationsPerSecond: 5, serviceDistribution: 'fixed', queueLimit: 1 }
  t.match(said({ emulatedServer }), /^--capacity was null and is \{"operationsPerSecond":5/)
  const tokenIssuer = {
    issuer: 'https://sts.test/a',
    authorizationUrl: 'https://sts.test/a/oauth2/authorize',
    jwks: '{}',
  }
  t.match(
    said({ tokenIssuer }),
    /^--token-issuer was our own sign-in service and is https:\/\/sts\.test\/a from this start on, with the keys given/,
  )
  t.match(said({ serverDecommissioned: true }), /^--decommissioned holds from this start on, .* there is no way back$/)
  const oauthClients = [{ id: 'app', redirectUris: ['app://done'] }]
  t.match(said(settingsOf({ oauthClients }, 'root', stored)), /^what --oauth-client says is added to its applications/)
  const admit = [{ endpoint: 'publish', group: 'staff@contoso.test' }]
  t.match(said(settingsOf({ admit }, 'root', stored)), /^what --admit says is added to its access lists, and is kept/)
})

t.test('--admit adds to the lists that are kept, once', async (t) => {
  const path = '/certification/subenrollservice.asmx'
  const kept = { ...stored, admittedGroups: { ...stored.admittedGroups, [path]: ['CONTOSO\\rms-service'] } }
  const admit = [{ endpoint: 'subenrollservice', group: 'CONTOSO\\other' }]
  const first = settingsOf({ admit }, 'root', kept).admittedGroups ?? {}
  t.same(first[path], ['CONTOSO\\rms-service', 'CONTOSO\\other'])
  t.same(settingsOf({ admit }, 'root', { ...kept, admittedGroups: first }).admittedGroups, first, 'nothing twice')
  t.same(settingsOf({ admit }, 'root').admittedGroups?.[path], ['CONTOSO\\other'], 'a new cluster')
})

t.test('--oauth-client adds to the applications that are kept, by their id, once', async (t) => {
  const kept = { ...stored, oauthClients: [{ id: 'App', redirectUris: ['app://done'] }] }
  const oauthClients = [
    { id: 'app', redirectUris: ['app://done', 'app://other'] },
    { id: 'new', redirectUris: ['new://done'] },
  ]
  const first = settingsOf({ oauthClients }, 'root', kept).oauthClients ?? []
  t.same(first, [
    { id: 'App', redirectUris: ['app://done', 'app://other'] },
    { id: 'new', redirectUris: ['new://done'] },
  ])
  t.same(settingsOf({ oauthClients }, 'root', { ...kept, oauthClients: first }).oauthClients, first, 'nothing twice')
  t.equal(settingsOf({}, 'root', kept).oauthClients, undefined, 'none is named: they stay')
})
