/** What an export has is all of it: the directory that is made from it is the same one. */
import t from 'tap'
import { listAllAccounts, listAllGroups } from '../../../src/administration/directory-names.js'
import { applyDirectory } from '../../../src/administration/seed-file/apply-directory.js'
import { exportDirectory } from '../../../src/administration/seed-file/export-directory.js'
import { parseSeed, type Seed } from '../../../src/administration/seed-file/parse.js'
import { seedFileText } from '../../../src/administration/seed-file/write.js'
import { openStore } from '../../../src/cluster/store/open.js'
import { seedDirectory } from '../../../src/directory/seed.js'
import { systemRandom } from '../../../src/effects.js'
import { endpointPaths } from '../../../src/node/roles.js'
import { servedNames } from '../../../src/node/served.js'
import { fc } from '../../fixtures/property.js'

/** Names that differ from each other in more than case, and from those that are built in. */
const names = fc.uniqueArray(fc.stringMatching(/^[a-zä0-9._ -]{0,8}[a-z]$/), { minLength: 1, maxLength: 8 })

t.test('whatever is in a directory: an export of it makes the same directory', async (t) => {
  const seedOf = (object: unknown): Seed =>
    parseSeed({ object }, { served: servedNames(), endpoints: endpointPaths, clusters: [] })
  const madeBy = async (seed: Seed): Promise<{ readonly exported: object; readonly content: object }> => {
    const { directory, close } = await openStore(':memory:')
    await directory.fillIfEmpty(seedDirectory)
    await applyDirectory(directory, systemRandom, seed)
    const exported = await exportDirectory(directory)
    const [accounts, groups] = [await listAllAccounts(directory), await listAllGroups(directory)]
    const members = []
    for (const { sid } of groups) members.push(await directory.membersOf(sid))
    const passwords = Object.fromEntries(await directory.passwords())
    await close()
    return { exported, content: { accounts, groups, members, passwords } }
  }
  await fc.assert(
    fc.asyncProperty(names, fc.boolean(), fc.infiniteStream(fc.nat()), async (given, builtIn, draws) => {
      const draw = (below: number): number => Number(draws.next().value) % below
      const all = given.map((name) => `x${name}`)
      const half = Math.ceil(all.length / 2)
      const some = (of: readonly string[]): readonly string[] => of.filter(() => draw(2) === 0)
      const [people, teams] = [all.slice(0, half), all.slice(half)]
      const accounts = people.map((name, index) => ({
        name,
        ...(draw(2) === 0 ? {} : { mail: `a${index}@contoso.test`, proxyAddresses: [`p${index}@fabrikam.test`] }),
        ...(draw(2) === 0 ? {} : { password: `"${name}": #` }),
        ...(draw(3) === 0 ? { enabled: false } : {}),
        ...(draw(3) === 0 ? { sidHistory: [`S-1-5-21-7-${index}`] } : {}),
        groups: some(teams),
      }))
      const groups = teams.map((name, index) => ({
        name,
        ...(draw(2) === 0 ? {} : { mail: `g${index}@contoso.test` }),
        members: some(all.filter((other) => other !== name)),
      }))
      const { exported, content } = await madeBy(seedOf({ builtIn, accounts, groups }))
      const text = seedFileText({ seedFile: { builtIn: false, ...exported }, leftOut: [] })
      const again = parseSeed({ name: 'x', text }, { served: servedNames(), endpoints: endpointPaths, clusters: [] })
      t.same(await madeBy(again), { exported, content })
    }),
    { numRuns: 8 },
  )
})
