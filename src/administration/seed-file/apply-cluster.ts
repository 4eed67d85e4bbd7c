/** Makes a cluster what a seed file says, by what administrators do. Done again, it changes nothing that matters. */
import type { ServerState } from '../../cluster/server-state.js'
import type { Store } from '../../cluster/store/open.js'
import type { Clock, Random } from '../../effects.js'
import { endpointsNamed } from '../../identity/access.js'
import { setAccessLists } from '../access.js'
import { changeConfiguration, changeSettings, requireCluster } from '../change-configuration.js'
import { excludeApplication, excludeKey, excludeKeyAlone, fourParts } from '../exclusion.js'
import { licensorKeyOfChain } from '../licensor-chain.js'
import { importPublishingDomain } from '../publishing-domains.js'
import { setSuperUsers } from '../super-users.js'
import { saveTemplate, signTemplate } from '../templates.js'
import { trustForest } from '../trusted-forests.js'
import { trustRacIssuer, trustUserDomain } from '../user-domains.js'
import type { Seed } from './parse.js'
import { guidOf } from './cluster-references.js'
import { kindOf, type SeedSurroundings } from './references.js'
import type { SeedCluster, SeedTemplate } from './seed-file.js'
import type { SeedPath } from './seed-file-error.js'

export interface ClusterOffice {
  readonly store: Store
  readonly openCluster: (name: string) => Promise<ServerState>
  readonly forestClock: () => Promise<Clock>
  readonly endpoints: SeedSurroundings['endpoints']
  readonly random: Random
}

/** @throws SeedFileError, DatabaseAway */
export async function applyCluster(office: ClusterOffice, seed: Seed, name: string): Promise<void> {
  const { store } = office
  const { clusters = [], builtIn = true } = seed.file
  const index = clusters.findIndex((cluster) => cluster.name === name)
  const cluster = clusters[index] ?? { name }
  const path = ['clusters', index]
  if (!builtIn) await removeTemplates(store, cluster)
  const { serverDecommissioned, ...settings } = cluster.settings ?? {}
  await seed.at([...path, 'settings'], () => changeSettings(store, name, settings))
  await applySuperUsers(store, seed, cluster, path)
  await applyExclusion(office, seed, cluster, path)
  await seed.at([...path, 'access'], () => setAccessLists(store, name, listsOf(office, cluster)))
  await applyTrust(office, seed, cluster, path)
  await applyTemplates(office, seed, cluster, path)
  // There is no way back from it.
  if (serverDecommissioned !== undefined)
    await seed.at([...path, 'settings'], () => changeSettings(store, name, { serverDecommissioned }))
}

async function removeTemplates(store: Store, { name, templates = [] }: SeedCluster): Promise<void> {
  const wanted = new Set(templates.map(guidOf))
  for (const { guid } of await store.templates.list(name))
    if (!wanted.has(guid)) await store.templates.remove(name, guid)
}

async function applySuperUsers(store: Store, seed: Seed, { name, superUsers }: SeedCluster, path: SeedPath) {
  if (superUsers === undefined) return
  const { group, enabled = true } = superUsers
  await seed.at([...path, 'superUsers'], () => setSuperUsers(store, name, { group, enabled }))
}

async function applyExclusion(
  { store, forestClock }: ClusterOffice,
  seed: Seed,
  { name, exclusion = {} }: SeedCluster,
  path: SeedPath,
): Promise<void> {
  const { applications = [], accounts = [], securityProcessor } = exclusion
  await seed.at([...path, 'exclusion'], async () => {
    for (const application of applications)
      await changeConfiguration(store, name, undefined, excludeApplication(application))
    for (const { publicKey, account = null, since } of accounts) {
      const isKeyAlone = account === null && since === undefined
      const entry = { publicKey, account, since: since ?? (await forestClock()).now().toISOString() }
      await changeConfiguration(store, name, undefined, isKeyAlone ? excludeKeyAlone(publicKey) : excludeKey(entry))
    }
    if (securityProcessor !== undefined)
      await changeSettings(store, name, { spcExclusionPolicy: fourParts(securityProcessor) })
  })
}

/** By the path of each endpoint. */
function listsOf({ endpoints }: ClusterOffice, cluster: SeedCluster): NonNullable<SeedCluster['access']> {
  const paths = endpoints(kindOf(cluster))
  return Object.fromEntries(
    Object.entries(cluster.access ?? {}).flatMap(([endpoint, names]) =>
      endpointsNamed(endpoint, paths).map((path) => [path, names] as const),
    ),
  )
}

async function applyTrust(
  office: ClusterOffice,
  seed: Seed,
  { name, trust = {} }: SeedCluster,
  path: SeedPath,
): Promise<void> {
  const { store } = office
  const { userDomains = [], publishingDomains = [], forests = [] } = trust
  const at = (part: string, index: number): SeedPath => [...path, 'trust', part, index]
  const stored = async () => (await requireCluster(store, name)).configuration
  for (const [index, domain] of userDomains.entries())
    await seed.at(at('userDomains', index), async () => {
      const key = 'publicKey' in domain ? domain.publicKey : licensorKeyOfChain(domain.certificate)
      if ((await stored()).trustedRacIssuers.includes(key)) return
      if ('publicKey' in domain) await trustRacIssuer(store, name, key)
      else await trustUserDomain(store, name, domain.certificate)
    })
  for (const [index, domain] of publishingDomains.entries())
    await seed.at(at('publishingDomains', index), async () => {
      const key = licensorKeyOfChain(domain.file.slc.join(''))
      if ((await stored()).trustedLicensingServers.some(({ publicKey }) => publicKey === key)) return
      await importPublishingDomain(office, name, domain)
    })
  for (const [index, forest] of forests.entries())
    await seed.at(at('forests', index), async () => {
      if ((await stored()).trustedForests.some(({ domain }) => domain === forest.domain.toLowerCase())) return
      await trustForest(office, name, forest)
    })
}

async function applyTemplates(
  { store, openCluster, forestClock }: ClusterOffice,
  seed: Seed,
  { name, templates = [] }: SeedCluster,
  path: SeedPath,
): Promise<void> {
  if (templates.length === 0) return
  const opened = await openCluster(name)
  for (const [index, template] of templates.entries())
    await seed.at([...path, 'templates', index], async () => {
      const now = (await forestClock()).now()
      const guid = guidOf(template)
      const signedXrml = await signTemplate(bodyOf(template), guid, opened, now, 'taken')
      await saveTemplate(store, name, { guid, state: template.state ?? 'published', signedXrml }, now)
    })
}

function bodyOf({ applicationData = [], ...template }: SeedTemplate) {
  return { ...template, applicationData }
}
