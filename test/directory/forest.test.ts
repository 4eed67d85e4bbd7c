import t from 'tap'
import { forestNameProblem } from '../../src/config/forest-name.js'
import { forestNamed, inForest } from '../../src/directory/forest.js'
import { seedDirectory, seedDirectoryOf, seedForest } from '../../src/directory/seed.js'

t.test('a forest follows from its name: the same each time, and other SIDs for another name', async (t) => {
  const fabrikam = forestNamed('Fabrikam.Test')
  t.match(fabrikam, { dnsName: 'fabrikam.test', netbiosName: 'FABRIKAM' })
  t.same(forestNamed('fabrikam.test'), fabrikam)
  // For ever: certificates and seed files of people have it.
  t.equal(fabrikam.domainSid, 'S-1-5-21-3801153389-4182536004-3930861766')
  t.not(forestNamed('fabrikam.example').domainSid, fabrikam.domainSid)
  t.equal(seedForest.domainSid, 'S-1-5-21-1712426984-1618080182-1209977580')
  t.equal(forestNamed('a-very-long-company-name.example').netbiosName, 'A-VERY-LONG-COM')
})

t.test('its directory has the same people as that of contoso.test, and nothing else of it', async (t) => {
  const directory = seedDirectoryOf(forestNamed('fabrikam.test'))
  t.notMatch(JSON.stringify(directory), /contoso/i)
  t.equal(directory.accounts[0]?.mail, 'alice@fabrikam.test')
  const translated = JSON.stringify(seedDirectory)
    .replaceAll('contoso', 'fabrikam')
    .replaceAll('CONTOSO', 'FABRIKAM')
    .replaceAll(seedForest.domainSid, directory.forest.domainSid)
  t.equal(JSON.stringify(directory), translated)
})

t.test('examples name the accounts of the forest, and another one as the partner', async (t) => {
  const examples = String.raw`CONTOSO\alice, bob@contoso.test, com.contoso.app, Contoso; partner: FABRIKAM\rms-service, fabrikam.test`
  t.equal(inForest(examples, seedForest), examples)
  t.equal(
    inForest(examples, forestNamed('fabrikam.test')),
    String.raw`FABRIKAM\alice, bob@fabrikam.test, com.fabrikam.app, Fabrikam; partner: CONTOSO\rms-service, contoso.test`,
  )
  t.equal(
    inForest(examples, forestNamed('corp.adatum.example')),
    String.raw`CORP\alice, bob@corp.adatum.example, com.corp.app, Corp; partner: FABRIKAM\rms-service, fabrikam.test`,
  )
})

t.test('what can be no name of a forest is told', async (t) => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['', /DNS name, such as fabrikam\.test/],
    ['fabrikam', /two parts/],
    ['fab rikam.test', /letters, digits and hyphens/],
    ['fabrikam.test ', /letters, digits and hyphens/],
    ['fabrikam.test.', /letters, digits and hyphens/],
    ['.test', /letters/],
    ['-fabrikam.test', /letters/],
    ['fabrikam-.test', /letters/],
    ['fab_rikam.test', /letters/],
    ['fabrikäm.test', /letters/],
    ['<b>.test', /letters/],
    ['fabrikam.test\nx', /letters/],
    ['http://fabrikam.test', /letters/],
    ['127.0.0.1', /no address/],
    ['42', /two parts/],
    ['365.test', /no number/],
    [`${'a'.repeat(300)}.test`, /at most 64 characters.*this has 305/],
  ]
  for (const [name, why] of wrong) {
    t.match(forestNameProblem(name), why, JSON.stringify(name))
    t.throws(() => forestNamed(name), RangeError)
  }
  for (const name of ['fabrikam.test', 'a.b', 'x1-y.corp.example', 'xn--bcher-kva.example'])
    t.equal(forestNameProblem(name), undefined, name)
})
