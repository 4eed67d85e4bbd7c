/** Changes of an installation, one of each kind that there is: what is to be gone after a reset. */
import { connect } from '../../src/client/index.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { labPartner, labTrustRoot } from '../../src/xrml/lab-hierarchy.js'
import type { ApiUnderTest } from './api-app.js'

/** A call of the management API, or something a client does. */
export type Step = Parameters<ApiUnderTest['call']> | ((url: string) => Promise<unknown>)

/** @param n another number each time, below 1000 */
type Change = (n: number) => readonly Step[]

const partner = labPartner()
const someKey = labTrustRoot(2).publicKey.modulus
const root = '/clusters/root'

const configured =
  (body: (n: number) => object): Change =>
  (n) => [['PATCH', `${root}/configuration`, body(n)]]

const template = (n: number): object => ({
  texts: [{ lcid: 1033, name: `Board ${n}`, description: 'The board may read this' }],
  grants: [{ to: 'staff@contoso.test', rights: ['VIEW', 'PRINT'] }],
})

/** @param templateGuid one that is there at the start */
export function changesOf(templateGuid: string): Readonly<Record<string, Change>> {
  return {
    'an account': (n) => [
      ['POST', '/directory/accounts', { name: `dave${n}`, password, mail: `dave${n}@contoso.test` }],
    ],
    'a former SID': (n) => [
      ['PATCH', '/directory/accounts/alice@contoso.test', { sidHistory: [`S-1-5-21-1-2-3-${n + 2000}`] }],
    ],
    'another address': (n) => [['PATCH', '/directory/accounts/bob@contoso.test', { mail: `robert${n}@contoso.test` }]],
    'another name': (n) => [['PATCH', '/directory/accounts/carol@contoso.test', { name: `caroline${n}` }]],
    'another password': (n) => [['PATCH', '/directory/accounts/alice@contoso.test', { password: `Other${n}!` }]],
    'a disabled account': () => [['PATCH', '/directory/accounts/mallory@contoso.test', { enabled: false }]],
    'an account less': () => [['DELETE', '/directory/accounts/bob@contoso.test']],
    'a group': (n) => [
      ['POST', '/directory/groups', { name: `finance${n}`, mail: `finance${n}@contoso.test` }],
      ['POST', `/directory/groups/finance${n}@contoso.test/members`, { members: ['legal@contoso.test'] }],
    ],
    'a group less': () => [['DELETE', '/directory/groups/staff@contoso.test']],
    'a member': () => [['POST', '/directory/groups/legal@contoso.test/members', { members: ['mallory@contoso.test'] }]],
    'a member less': () => [['DELETE', '/directory/groups/legal@contoso.test/members/bob@contoso.test']],
    'no service connection point': () => [['DELETE', '/forest/scp?force=true']],
    'another service connection point': (n) => [
      ['PUT', '/forest/scp', { url: `https://rms${n}.contoso.test/_wmcs/certification`, force: true }],
    ],
    'super users': () => [['PUT', `${root}/super-users`, { enabled: true, group: 'superusers@contoso.test' }]],
    'an excluded application': (n) => [
      [
        'POST',
        `${root}/exclusion/applications`,
        { filename: `APP${n}.EXE`, minimumVersion: '1', maximumVersion: '12' },
      ],
    ],
    'an excluded key': () => [['POST', `${root}/exclusion/accounts`, { publicKey: someKey }]],
    'an excluded account': () => [
      async (url) => {
        const carol = connect({ url, user: 'carol@contoso.test', password })
        await carol.certify()
        await carol.close()
      },
      ['POST', `${root}/exclusion/accounts`, { account: 'carol@contoso.test' }],
    ],
    'excluded machines': () => [['PUT', `${root}/exclusion/security-processor`, { minimumVersion: '6.0.0.0' }]],
    'another extranet URL': (n) => [
      ['PUT', `${root}/urls`, { extranetLicensing: `https://rms${n}.contoso.test/_wmcs/licensing` }],
    ],
    'an endpoint with a list': () => [
      ['POST', `${root}/access/admit`, { endpoint: 'certification/subenrollservice', name: 'CONTOSO\\rms-service' }],
    ],
    'an endpoint for everyone': () => [
      ['POST', `${root}/access/open`, { endpoint: 'certification/servercertification' }],
    ],
    'a trusted user domain': () => [
      ['POST', `${root}/trust/user-domains`, { certificate: partner.licensorCertificate }],
    ],
    'a trusted publishing domain': () => [
      ['POST', `${root}/trust/publishing-domains`, { password, file: JSON.parse(partner.publishingDomain) as object }],
    ],
    'a trusted forest': (n) => [
      [
        'POST',
        `${root}/trust/forests`,
        {
          domain: 'fabrikam.test',
          url: 'https://rms.fabrikam.test/_wmcs/groupexpansion/GroupExpansion.asmx',
          user: 'FABRIKAM\\rms',
          password: `secret ${n}`,
        },
      ],
    ],
    'a template': (n) => [['POST', `${root}/templates`, template(n)]],
    'another template in its place': (n) => [['PUT', `${root}/templates/${templateGuid}`, template(n)]],
    'an archived template': () => [['POST', `${root}/templates/${templateGuid}/archive`]],
    'a template less': () => [['DELETE', `${root}/templates/${templateGuid}`]],
    'another validity': configured((n) => ({ racValidityTimeSeconds: 86_400 + n })),
    'another application that signs in': configured((n) => ({
      oauthClients: [{ id: `app${n}`, redirectUris: [`app${n}://done`] }],
    })),
    'no online publishing': configured(() => ({ onlinePublishingEnabled: false })),
    'devices of some platforms': configured(() => ({ devicePlatforms: ['iOS'] })),
    'a sign-in by itself': configured(() => ({ automaticSignIn: true })),
    'a decommissioned cluster': configured(() => ({ serverDecommissioned: true })),
    'a clock beside': (n) => [['PUT', '/lab/clock', { mode: 'offset', by: `PT${n + 1}M` }]],
    'a clock that stands': () => [['PUT', '/lab/clock', { mode: 'frozen', at: '2031-01-01T00:00:00Z' }]],
    'a clock that steps': (n) => [
      ['PUT', '/lab/clock', { mode: 'step', at: '2031-01-01T00:00:00Z', by: `PT${n + 1}S` }],
    ],
    'a fault': (n) => [['PUT', `/lab/faults/slow-${n}`, { effect: { delay: 'PT0.001S' }, when: { next: 3 } }]],
    'a fault that fired': () => [
      ['PUT', '/lab/faults/gone', { effect: { http: 503 } }],
      async (url) => {
        const alice = connect({ url, user: 'alice@contoso.test', password })
        await alice.serverInfo().catch(() => undefined)
        await alice.close()
      },
    ],
    'a server that stands still': () => [['PUT', '/lab/servers/root-2', { paused: true, skew: 'PT5M', stale: true }]],
    'servers without a database': () => [['PUT', '/lab/installation', { databaseAway: true, logQueueFull: true }]],
    'a stale server, and a change': (n) => [
      ['PUT', '/lab/servers/root-1', { stale: true, directoryAway: true }],
      ['PATCH', `${root}/configuration`, { racValidityTimeSeconds: 90_000 + n }],
    ],
    'an account with a key': () => [
      async (url) => {
        const mallory = connect({ url, user: 'mallory@contoso.test', password })
        await mallory.certify()
        await mallory.close()
      },
    ],
    'a token': () => [['POST', '/tokens', { user: 'bob' }]],
  }
}
