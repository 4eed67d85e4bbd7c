/** What a program does with the state of an installation. An export of it: another one that begins with it has the same, and what it cannot say is named. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { keyId } from '../../src/administration/key-id.js'
import { connect } from '../../src/client/connect.js'
import { readyMachine } from '../../src/client/machine.js'
import { seedPassword } from '../../src/directory/seed.js'
import type { InstallationOptions } from '../../src/installation/installation-options.js'
import { startInstallation, type Installation } from '../../src/manage/start.js'
import { readDocuments } from '../../src/xrml/document.js'
import { labPartner, labTrustRoot } from '../../src/xrml/lab-hierarchy.js'

const folder = mkdtempSync(join(tmpdir(), 'rms-seed-export-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

const partner = labPartner()
const partnerKey = readDocuments(partner.licensorCertificate)[0]?.body.issuedPrincipal?.publicKey?.modulus ?? ''

async function ask(installation: Installation, target: string): Promise<Readonly<Record<string, unknown>>> {
  return (await (await fetch(`${installation.manage}${target}`)).json()) as Readonly<Record<string, unknown>>
}

/** Starts it, and closes it when the test ends. */
async function started(t: Pick<Tap, 'teardown'>, options: InstallationOptions): Promise<Installation> {
  const installation = await startInstallation(options)
  t.teardown(() => installation.close())
  return installation
}
type Tap = typeof t

const views = [
  '/directory/accounts',
  '/directory/groups',
  '/directory/groups/finance/members',
  '/directory/groups/superusers/members',
  '/clusters/root/templates',
  '/clusters/root/super-users',
  '/clusters/root/exclusion',
  '/lab/faults',
]

/** Without when it was made. */
async function seen(installation: Installation, view: string): Promise<unknown> {
  return JSON.parse(
    JSON.stringify(await ask(installation, view), (key, value: unknown) => (key === 'changed' ? '' : value)),
  ) as unknown
}

const beginning = `
accounts:
  - { name: dave, mail: dave@contoso.test, password: Secret1!, groups: [finance] }
  - { name: erin, sid: S-1-5-21-1712426984-1618080182-1209977580-2001 }
groups:
  - { name: finance, mail: finance@contoso.test, members: [legal, erin] }
clusters:
  - name: root
    mode: 1
    templates:
      - guid: 9a23d98e-4449-4ba5-812a-f30808f3cb16
        texts: [{ lcid: 1033, name: Old, description: It has ended }]
        grants: [{ to: finance@contoso.test, rights: [VIEW, EDIT] }]
        expiresOn: 2020-01-01
        state: archived
    superUsers: { group: finance@contoso.test, enabled: false }
    exclusion:
      securityProcessor: '5.0'
      applications: [{ filename: OLD.EXE, minimumVersion: '1', maximumVersion: '2.5' }]
    access: { subenrollservice: [dave], decommission.asmx: everybody }
faults:
  gone: { ready: template-deleted, match: { user: mallory }, when: { next: 1 } }
`

t.test('an installation that begins with an export of another one has the same', async (t) => {
  writeFileSync(join(folder, 'lab.yaml'), beginning)
  const first = await started(t, { seedFile: join(folder, 'lab.yaml') })
  const call = async (method: string, target: string, body: object): Promise<void> => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${first.manage}${target}`, { method, headers, body: JSON.stringify(body) })
    t.ok(answer.ok, `${method} ${target}: ${answer.ok ? '' : await answer.text()}`)
  }
  const someKey = labTrustRoot(2).publicKey.modulus
  await call('PATCH', '/directory/accounts/mallory', {
    enabled: false,
    password: 'Secret2!',
    sidHistory: ['S-1-5-21-9-9'],
  })
  await call('PATCH', '/directory/accounts/alice', { mail: 'alice.b@contoso.test' })
  await call('POST', '/directory/groups/superusers/members', { members: ['dave', 'finance'] })
  await call('PATCH', '/clusters/root/configuration', {
    racExclusionPolicy: [someKey],
    admittedGroups: { '/licensing/publish.asmx': ['contoso\\DAVE', 'nobody any more'] },
    deletedTemplates: 'publishing-license',
    externalLicensingUrl: 'https://rms.contoso.example/_wmcs/licensing',
    oauthClients: [{ id: 'com.contoso.app', redirectUris: ['com.contoso.app://authorize'] }],
  })
  await call('POST', '/clusters/root/trust/user-domains', { certificate: partner.licensorCertificate })
  await call('POST', '/clusters/root/trust/publishing-domains', {
    password: seedPassword,
    file: JSON.parse(partner.publishingDomain) as object,
  })
  await call('POST', '/clusters/root/templates', {
    texts: [{ lcid: 1033, name: '"Odd": # names', description: '- and\u2028more' }],
    grants: [
      { to: 'nobody@contoso.test', rights: ['VIEW', 'X-SHARE'] },
      { to: 'them@fabrikam.test', rights: ['OWNER'] },
    ],
    expiresAfterDays: 3,
    useLicenseDays: 2,
    referral: 'mailto:alice@contoso.test',
    applicationData: [{ name: 'A', value: '1\t2' }],
  })
  await first.lab.faults.put('busy', { effect: { http: 503 }, match: { node: 'root-1' }, when: { every: 5 }, seed: 7 })
  await first.lab.clock.put({ mode: 'offset', by: 'P30D' })

  const exported = await first.lab.export()
  t.same(exported.leftOut, [
    'cluster root: nobody any more on the access list of /licensing/publish.asmx, who is gone',
    `cluster root: the trusted publishing domain ${keyId(partnerKey)}: its private key is no part of a seed file`,
  ])
  const text = await (await fetch(`${first.manage}/lab/export`)).text()
  t.match(text, /^# yaml-language-server: .*\n(?:# .*\n)+\nbuiltIn: false\naccounts:\n/)
  t.match(text, /# - cluster root: nobody any more on the access list/)
  t.notMatch(text, /PRIVATE KEY|sealed/)
  writeFileSync(join(folder, 'exported.yaml'), text)
  const second = await started(t, { seedFile: join(folder, 'exported.yaml') })
  const again = await second.lab.export()
  t.same(again.seedFile, exported.seedFile)
  t.same(again.leftOut, [])
  t.match(await ask(second, '/directory/accounts/mallory'), { enabled: false, sidHistory: ['S-1-5-21-9-9'] })
  t.same(await ask(second, '/lab/export?format=json'), again)
  for (const view of views) t.same(await seen(second, view), await seen(first, view), view)

  await second.lab.accounts.remove('dave')
  await second.lab.clear()
  await second.lab.reset()
  t.same(await second.lab.export(), again, 'a reset leads back to what the file says')
})

t.test('accounts, groups, templates and exclusion by a program: they hold when the promise resolves', async (t) => {
  const { lab, url, manage } = await started(t, { mode: 1 })
  const frank = await lab.accounts.add({ name: 'frank', mail: 'frank@contoso.test' })
  t.match(frank, { name: 'CONTOSO\\frank', enabled: true, sidHistory: [] })
  t.notOk('password' in frank)
  await lab.groups.add({ name: 'movers', mail: 'movers@contoso.test', members: ['frank', 'legal'] })
  const { guid } = await lab.templates.add({
    texts: [{ lcid: 1033, name: 'Moves', description: 'For movers' }],
    grants: [{ to: 'movers@contoso.test', rights: ['VIEW'] }],
  })
  const as = (user: string) => connect({ url, user, password: seedPassword, machine: readyMachine('alice-pc-mode1') })
  const pfile = await as('alice').protectFile(Buffer.from('moves'), '.txt', { template: guid })
  t.equal((await as('frank').openFile(pfile)).plain.toString(), 'moves')
  t.equal((await as('bob').openFile(pfile)).plain.toString(), 'moves', 'a member of a member')
  await lab.exclude({ account: 'bob' })
  await lab.exclude({ application: { filename: 'OLD.EXE', minimumVersion: '1', maximumVersion: '2' } })
  t.match(await (await fetch(`${manage}/clusters/root/exclusion`)).json(), {
    accounts: [{ account: 'CONTOSO\\bob' }],
    applications: [{ filename: 'OLD.EXE', minimumVersion: '1.0.0.0' }],
  })
  await lab.templates.remove(guid)
  await t.rejects(as('frank').openFile(pfile), /Template/)
  await lab.groups.remove('movers')
  await lab.accounts.remove('frank')

  const wrong: readonly (readonly [() => Promise<unknown>, RegExp])[] = [
    [() => lab.accounts.remove('frank'), /The directory has no account "frank"/],
    [
      () => lab.accounts.add({ name: 'x', mial: 'y' } as never),
      /accounts\[0\] has no key "mial": did you mean "mail"\?/,
    ],
    [() => lab.accounts.add({ name: 'bob' }), /There is a "CONTOSO\\bob" already/],
    [() => lab.groups.add({ name: 'none', members: ['nobody'] }), /The directory has no group "nobody"/],
    [() => lab.groups.remove('none'), /The directory has no group "none"/],
    [() => lab.templates.add({ texts: [], grants: [] }), /templates\[0\]\.texts is an empty list/],
    [() => lab.templates.remove(guid), /has no template/],
    [() => lab.templates.remove(guid, { cluster: 'legal' }), /There is no cluster "legal"/],
    [() => lab.exclude({}), /Say whom to exclude/],
    [() => lab.exclude({ account: 'carol' }), /carol has not been certified yet/],
  ]
  for (const [call, message] of wrong) await t.rejects(call(), { message })
})
