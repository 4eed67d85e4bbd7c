/** What a start says of a cluster that it finds in the database. */
import t from 'tap'
import { defaultConfiguration } from '../../src/cluster/configuration.js'
import { keptNotices } from '../../src/manage/kept-settings.js'
import { settingsOf } from '../../src/manage/start-settings.js'

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
