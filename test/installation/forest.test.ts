/** An installation of another forest than contoso.test: everything in it is of that forest, for as long as it is kept. */
import { join } from 'node:path'
import t from 'tap'
import { connect } from '../../src/client/connect.js'
import { readyMachine } from '../../src/client/machine.js'
import { OptionRefused } from '../../src/config/given-options.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { startInstallation, type Installation } from '../../src/manage/start.js'
import { SeedFileError } from '../../src/index.js'
import { run } from '../cli/command.js'

t.setTimeout(900_000)
const settings = { configurationRefreshIntervalSeconds: 3600 }

async function read(installation: Installation, path: string): Promise<string> {
  const answer = await fetch(new URL(path, installation.manage))
  return `${answer.status} ${await answer.text()}`
}

t.test('its names, SIDs, mail addresses, templates and texts are those of the forest', async (t) => {
  const fabrikam = await startInstallation({
    forest: 'Fabrikam.test',
    admit: [{ endpoint: 'servercertification', group: 'staff@fabrikam.test' }],
    settings,
  })
  t.teardown(() => fabrikam.close())
  t.equal(fabrikam.ready.forest, 'fabrikam.test')
  t.match(await read(fabrikam, '/status'), '"forest":"fabrikam.test"')
  t.match(await read(fabrikam, '/forest'), '"dnsName":"fabrikam.test","netbiosName":"FABRIKAM"')

  const machine = readyMachine('bob-pc-mode2')
  for (const user of ['bob', 'FABRIKAM\\bob', 'bob@fabrikam.test']) {
    const { rac, mail } = await connect({ url: fabrikam.url, user, password, machine }).certify()
    t.equal(mail, 'bob@fabrikam.test', user)
    t.equal(rac.account.object?.id, 'S-1-5-21-3801153389-4182536004-3930861766-1105')
  }
  for (const user of ['CONTOSO\\bob', 'bob@contoso.test'])
    await t.rejects(connect({ url: fabrikam.url, user, password, machine }).certify(), {
      name: 'CallFailed',
      status: 401,
    })

  const bob = connect({ url: fabrikam.url, user: 'bob', password, machine, signIn: 'ntlm' })
  t.teardown(() => bob.close())
  const templates = await bob.templates()
  t.match(JSON.stringify(templates.map(({ texts }) => texts)), /"Fabrikam Confidential Read Only"/)
  t.match(JSON.stringify(templates), /staff@fabrikam\.test/)

  const soap = (path: string): Promise<string> => fetch(new URL(path, fabrikam.url)).then((answer) => answer.text())
  const texts = await Promise.all([
    ...['/status', '/forest', '/directory/accounts', '/directory/groups', '/clusters/root/templates'].map((path) =>
      read(fabrikam, path),
    ),
    ...['/clusters/root/configuration', '/clusters/root/access', '/lab/export'].map((path) => read(fabrikam, path)),
    soap('/_wmcs/certification/certification.asmx?op=Precertify'),
    soap('/_wmcs/groupexpansion/groupexpansion.asmx?op=IsPrincipalMemberOf'),
    soap('/openapi.json'),
    soap('/docs/json'),
  ])
  for (const text of texts) t.notMatch(text, /contoso/i, text.slice(0, 80))
  t.match(texts.at(-1), 'alice@fabrikam.test')
  const described = await read(fabrikam, '/openapi.json')
  t.notMatch(described, /@contoso/)
  t.match(described, 'bob@fabrikam.test')
  t.match(described, '"Mail domain of its groups","example":"contoso.test"', 'the partner is another one')
  t.match(await read(fabrikam, '/clusters/root/access'), 'FABRIKAM\\\\RMS Service Group')
})

t.test('a folder keeps its forest, and refuses another one without any change', async (t) => {
  const data = join(t.testdir(), 'lab')
  const first = await startInstallation({ data, forest: 'fabrikam.test', settings })
  await first.close()
  const state = async (options: object): Promise<readonly string[]> => {
    const again = await startInstallation({ data, settings, ...options })
    const text = await Promise.all(['/directory/accounts', '/clusters/root/templates'].map((path) => read(again, path)))
    t.equal(again.ready.forest, 'fabrikam.test')
    await again.close()
    return text
  }
  const before = await state({})
  for (const options of [
    { forest: 'contoso.test' },
    { forest: 'contoso.test', lab: false },
    { forest: 'contoso.test', processes: true },
    { seedFile: { accounts: [{ name: 'dave' }] } },
  ])
    await t.rejects(startInstallation({ data, settings, ...options }), {
      name: 'OtherForest',
      message: /^This installation is the forest fabrikam\.test, and contoso\.test was asked for/,
    })
  t.same(await state({ forest: 'FABRIKAM.test' }), before)
})

t.test('a seed file names it, with accounts of its own, and an export does', async (t) => {
  const seedFile = {
    forest: 'fabrikam.test',
    accounts: [{ name: 'FABRIKAM\\dave', mail: 'dave@fabrikam.test', groups: ['legal'] }],
    clusters: [{ name: 'root', access: { subenrollservice: ['dave'] } }],
  }
  const fabrikam = await startInstallation({ seedFile, settings })
  t.teardown(() => fabrikam.close())
  t.match(await read(fabrikam, '/directory/groups/legal/members'), 'FABRIKAM\\\\dave')
  const exported = await fabrikam.lab.export()
  t.match(exported.seedFile, { forest: 'fabrikam.test', builtIn: false })
  t.notMatch(JSON.stringify(exported), /contoso/i)
  t.equal(exported.seedFile.clusters?.[0]?.access?.['/certification/subenrollservice.asmx']?.[0], 'FABRIKAM\\dave')
  const again = await startInstallation({ seedFile: exported.seedFile, settings })
  t.teardown(() => again.close())
  for (const path of ['/forest', '/directory/accounts', '/directory/groups', '/clusters/root/access'])
    t.equal(
      (await read(again, path)).replaceAll(again.url, ''),
      (await read(fabrikam, path)).replaceAll(fabrikam.url, ''),
      path,
    )

  const taken = await fabrikam.lab.snapshots.take('mine')
  t.ok(taken)
  const file = await fabrikam.lab.snapshots.export('mine', 'secret')
  const contoso = await startInstallation({ settings })
  t.teardown(() => contoso.close())
  await contoso.lab.snapshots.import('theirs', file, 'secret')
  const before = await read(contoso, '/lab/state-hash')
  await t.rejects(contoso.lab.snapshots.restore('theirs'), {
    status: 409,
    message: /is of the forest fabrikam\.test, and this installation is contoso\.test/,
  })
  t.equal(await read(contoso, '/lab/state-hash'), before)
})

t.test('what can be no forest, or is said twice, starts nothing', async (t) => {
  for (const forest of ['fabrikam', 'fab rikam.test', '42', '', '<b>.test', `${'a'.repeat(300)}.test`]) {
    await t.rejects(startInstallation({ forest }), OptionRefused, JSON.stringify(forest))
    await t.rejects(startInstallation({ seedFile: { forest } }), SeedFileError, JSON.stringify(forest))
  }
  const both = { forest: 'contoso.test', seedFile: { forest: 'fabrikam.test' } }
  await t.rejects(startInstallation(both), {
    name: 'OptionRefused',
    message:
      'seedFile says that the forest is fabrikam.test, and --forest (the option forest) says contoso.test: leave one of them out',
  })
  t.match(await run(['up', '--forest', 'fabrikam', '--port', '0']), {
    code: 2,
    stderr: /--forest.*"fabrikam".*must be a DNS name of two parts or more, such as fabrikam\.test/,
  })
})
