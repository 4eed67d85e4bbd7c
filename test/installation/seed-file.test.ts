/** An installation that begins with a seed file: what it says is there when it is ready, and an installation that is kept was made so once. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { labOffice } from '../../src/administration/lab/ask-server.js'
import type { PublishingDomainFile } from '../../src/administration/publishing-domain-file.js'
import { beginSeed } from '../../src/administration/seed-file/apply.js'
import { parseSeed } from '../../src/administration/seed-file/parse.js'
import type { SeedFile } from '../../src/administration/seed-file/seed-file.js'
import { connect } from '../../src/client/connect.js'
import { openStore } from '../../src/cluster/store/open.js'
import type { SeedMark } from '../../src/cluster/store/seed-mark.js'
import { OptionRefused } from '../../src/config/given-options.js'
import { seedPassword } from '../../src/directory/seed.js'
import { systemEffects } from '../../src/effects.js'
import type { InstallationOptions } from '../../src/installation/installation-options.js'
import { startInstallation, type Installation } from '../../src/manage/start.js'
import { endpointPaths } from '../../src/node/roles.js'
import { servedNames } from '../../src/node/served.js'
import { labPartner } from '../../src/xrml/lab-hierarchy.js'

type TestOf = Pick<typeof t, 'teardown'>

const folder = mkdtempSync(join(tmpdir(), 'rms-seed-file-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

const guid = '9a23d98e-4449-4ba5-812a-f30808f3cb16'
const known = { served: servedNames(), endpoints: endpointPaths, clusters: [{ name: 'root', servers: 1 }] }
const old = '0c4c5ed6-8b61-4b5a-9cd9-66b5f7ba8e5e'
const yaml = `
accounts:
  - { name: dave, mail: dave@contoso.test, password: Secret1!, groups: [finance] }
  - { name: bob, mail: carol@contoso.test }
  - { name: carol, mail: bob@contoso.test }
groups:
  - { name: finance, mail: finance@contoso.test }
clusters:
  - name: root
    templates:
      - guid: ${guid}
        texts: [{ lcid: 1033, name: Figures, description: For finance }]
        grants: [{ to: finance@contoso.test, rights: [VIEW] }]
      - guid: '{${old.toUpperCase()}}'
        texts: [{ lcid: 1033, name: Old, description: It has ended }]
        grants: [{ to: ANYONE, rights: [VIEW] }]
        expiresOn: 2020-01-01
        state: archived
    superUsers: { group: superusers@contoso.test }
    exclusion:
      securityProcessor: '5.0'
      applications: [{ filename: OLD.EXE, minimumVersion: '1', maximumVersion: '2.5' }]
    access: { subenrollservice: [dave], license: everybody }
    settings: { racValidityTimeSeconds: 86400 }
clock: { mode: frozen, at: 2026-03-01T00:00:00Z }
faults:
  gone: { ready: template-deleted, match: { user: mallory } }
`
const path = join(folder, 'lab.yaml')
writeFileSync(path, yaml)

async function ask(installation: Installation, target: string): Promise<Readonly<Record<string, unknown>>> {
  return (await (await fetch(`${installation.manage}${target}`)).json()) as Readonly<Record<string, unknown>>
}

/** Starts it, and closes it when the test ends. */
async function started(t: TestOf, options: InstallationOptions): Promise<Installation> {
  const installation = await startInstallation(options)
  t.teardown(() => installation.close())
  return installation
}

/** Of what refuses to start. */
async function refusalOf(options: InstallationOptions): Promise<Error> {
  try {
    const installation = await startInstallation(options)
    await installation.close()
  } catch (error) {
    return error as Error
  }
  return new Error('It has started')
}

t.test('what the file says is there when the installation is ready; kept, it is there once', async (t) => {
  const data = join(folder, 'kept')
  const installation = await startInstallation({ seedFile: path, data })
  t.same(installation.ready.lab, ['clock frozen at 2026-03-01T00:00:00Z', 'fault gone'])
  const clock = { now: () => new Date('2026-03-01T00:00:00Z'), monotonic: () => performance.now() }
  const as = (user: string, password = seedPassword) => connect({ url: installation.url, user, password, clock })
  const protectedFile = await as('alice@contoso.test').protectFile(Buffer.from('figures'), '.txt', { template: guid })
  const opened = await as('dave@contoso.test', 'Secret1!').openFile(protectedFile)
  t.same([opened.plain.toString(), opened.rights], ['figures', ['VIEW']], 'the template of that GUID, by a group')
  await t.rejects(as('mallory@contoso.test').openFile(protectedFile), { message: /Template/ }, 'the fault')
  t.match(await ask(installation, '/directory/accounts/bob'), { mail: 'carol@contoso.test' }, 'they changed places')
  t.match(await ask(installation, '/directory/accounts/carol'), { mail: 'bob@contoso.test' })
  t.match(await ask(installation, '/clusters/root/configuration'), {
    superUserEnabled: true,
    superUserGroup: 'superusers@contoso.test',
    spcExclusionPolicy: '5.0.0.0',
    applicationExclusionPolicy: [{ filename: 'OLD.EXE', minimumVersion: '1.0.0.0', maximumVersion: '2.5.0.0' }],
    racValidityTimeSeconds: 86_400,
    admittedGroups: {
      '/certification/subenrollservice.asmx': ['CONTOSO\\dave'],
      '/decommission/decommission.asmx': ['CONTOSO\\RMS Service Group'],
    },
  })
  t.match(await ask(installation, `/clusters/root/templates/${old}`), {
    state: 'archived',
    expiresOn: '2020-01-01T00:00:00.000Z',
  })
  const templates = (await ask(installation, '/clusters/root/templates'))['templates'] as readonly object[]
  t.equal(templates.length, 5, 'the built-in ones are there too')
  await installation.lab.faults.remove('gone')
  await installation.close()

  writeFileSync(path, `# Another form of the same.\n${yaml}`)
  const again = await started(t, { seedFile: path, data })
  t.same(again.ready.lab, ['clock frozen at 2026-03-01T00:00:00Z'], 'it was applied once: what was done since stays')
})

t.test('an installation that is kept and was made otherwise is not changed', async (t) => {
  const data = join(folder, 'kept')
  const seedFile: SeedFile = { accounts: [{ name: 'erin' }] }
  t.match(await refusalOf({ seedFile, data }), {
    name: 'Problem',
    message:
      /was made from a seed file that said something else \(.*lab\.yaml, .*leave the seed file out.*or begin anew/,
  })
  const plain = await started(t, { data })
  t.match(await ask(plain, '/directory/accounts/dave'), { mail: 'dave@contoso.test' }, 'without one, it goes on')
  const unseeded = join(folder, 'unseeded')
  await (await startInstallation({ data: unseeded })).close()
  t.match((await refusalOf({ seedFile, data: unseeded })).message, /^This installation was made without a seed file/)
})

const partner = labPartner()
const withPartner = (password: string): SeedFile => ({
  builtIn: false,
  accounts: [{ name: 'erin', mail: 'erin@contoso.test' }],
  clusters: [
    {
      name: 'root',
      settings: { maxCrossForestCalls: 7 },
      trust: {
        userDomains: [{ certificate: partner.licensorCertificate }],
        publishingDomains: [{ file: JSON.parse(partner.publishingDomain) as PublishingDomainFile, password }],
        forests: [
          { domain: 'fabrikam.test', url: 'https://rms.fabrikam.test/g', user: 'FABRIKAM\\rms', password: 'x' },
        ],
      },
    },
  ],
})

t.test('what is found out while it is applied is told with its place, and nothing starts', async (t) => {
  t.match(await refusalOf({ seedFile: withPartner('not the password') }), {
    name: 'SeedFileError',
    message: /^seedFile: clusters\[0\]\.trust\.publishingDomains\[0\]: The private key does not open/,
  })
})

t.test('after a start that failed, only the same file goes on with what was made', async (t) => {
  const data = join(folder, 'failed')
  await refusalOf({ seedFile: withPartner('not the password'), data })
  const unfinished = {
    name: 'Problem',
    message: /^The last start with the seed file .* did not finish, .*that file as it was.*or begin anew with another/,
  }
  t.match(await refusalOf({ seedFile: withPartner(seedPassword), data }), unfinished, 'the corrected file')
  t.match(await refusalOf({ data }), unfinished, 'no file: it would serve a part')
  t.match(await refusalOf({ data, processes: true, root: 1, licensing: [] }), unfinished, 'nor in processes')
  t.match((await refusalOf({ seedFile: withPartner('not the password'), data })).message, /private key does not open/)
})

t.test('a file that failed before there was any cluster may be corrected', async (t) => {
  const data = join(folder, 'corrected')
  mkdirSync(data)
  const store = await openStore(join(data, 'rms.sqlite'))
  await beginSeed(
    { store, lab: labOffice({ store, keyPassword: '', ca: undefined, ...systemEffects }) },
    { ...parseSeed({ object: { clock: { mode: 'frozen', at: '2026-03-01T00:00:00Z' } } }, known), name: 'wrong.yaml' },
  )
  await store.close()
  t.match((await refusalOf({ data })).message, /^The last start with the seed file wrong\.yaml .* did not finish/)
  const installation = await startInstallation({ seedFile: { accounts: [{ name: 'erin' }] }, data })
  t.teardown(() => installation.close())
  t.match(await ask(installation, '/directory/accounts/erin'), { name: 'CONTOSO\\erin' })
  t.equal(installation.ready.lab, undefined, 'the clock of the other file is not kept')
  await installation.close()
  const again = await started(t, { data })
  t.match(await ask(again, '/directory/accounts/erin'), { name: 'CONTOSO\\erin' }, 'it is done')
})

t.test('a start that did not come to its end is made good by the next one', async (t) => {
  const data = join(folder, 'cut')
  const seedFile = withPartner(seedPassword)
  await (await startInstallation({ seedFile, data })).close()
  const store = await openStore(join(data, 'rms.sqlite'))
  const mark = await store.seedMark.read()
  t.equal(mark?.isDone, true)
  await store.seedMark.write({ ...mark, isDone: false } as SeedMark)
  const erin = await store.directory.accountByName('erin')
  await store.directory.removeAccount(erin?.sid ?? '')
  await store.close()

  const installation = await started(t, { seedFile, data })
  const { accounts } = await ask(installation, '/directory/accounts')
  t.match(
    accounts,
    [{ name: 'CONTOSO\\erin', sid: erin?.sid }, { name: 'CONTOSO\\rms-service' }],
    'without what is built in, but what servers need',
  )
  t.equal((accounts as readonly object[]).length, 2)
  t.match(await ask(installation, '/clusters/root/configuration'), { maxCrossForestCalls: 7 })
  t.same(await ask(installation, '/clusters/root/templates'), { templates: [] })
  t.match(await ask(installation, '/clusters/root/trust/forests'), {
    forests: [{ domain: 'fabrikam.test', user: 'FABRIKAM\\rms' }],
  })
  const { publishingDomains } = await ask(installation, '/clusters/root/trust/publishing-domains')
  t.equal((publishingDomains as readonly object[]).length, 1, 'once')
  const { userDomains } = await ask(installation, '/clusters/root/trust/user-domains')
  t.equal((userDomains as readonly object[]).length, 2, 'the own one, and that of the partner')
})

t.test('what would contradict the file is refused before anything is made', async (t) => {
  const clusters = [{ name: 'root', servers: 2 }, { name: 'legal' }] as const
  const refused: readonly (readonly [InstallationOptions, RegExp])[] = [
    [{ seedFile: { clusters } }, /has the clusters root, legal: that needs processes: true/],
    [{ seedFile: { clusters }, processes: true, root: 1 }, /which clusters there are, and so does --root/],
    [{ seedFile: { clusters }, processes: true, licensing: [] }, /so does --licensing or --no-licensing/],
    [{ seedFile: { clusters: [{ name: 'root', mode: 1 }] }, mode: 2 }, /is of mode 1, and --crypto-mode .* says 2/],
    [{ seedFile: { clock: { mode: 'real' } }, lab: false }, /sets a clock, and the installation is started without/],
    [{ seedFile: { faults: { a: { ready: 'acl-closed' } } }, lab: false }, /sets faults/],
  ]
  for (const [options, message] of refused) {
    const error = await refusalOf({ ...options, data: join(folder, 'refused') })
    t.ok(error instanceof OptionRefused, error.message)
    t.match(error.message, message)
  }
  t.match(await refusalOf({ seedFile: join(folder, 'none.yaml') }), {
    name: 'SeedFileError',
    message: /none\.yaml: it cannot be read: ENOENT/,
  })
  writeFileSync(join(folder, 'utf16.yaml'), Buffer.from('\uFEFFaccounts: []', 'utf16le'))
  t.match((await refusalOf({ seedFile: join(folder, 'utf16.yaml') })).message, /it is no text in UTF-8: save it/)
  const cyclic: { accounts: unknown[] } = { accounts: [] }
  cyclic.accounts.push(cyclic)
  t.match((await refusalOf({ seedFile: cyclic as SeedFile })).message, /is no plain data/)
})
