/** A cluster as a seed file has it. */
import { commandLine } from '../../command-line.js'
import { isDeepStrictEqual } from 'node:util'
import { defaultConfiguration, type ServerConfiguration } from '../../cluster/configuration.js'
import type { ClusterRow } from '../../cluster/store/cluster-store.js'
import type { Store } from '../../cluster/store/open.js'
import { serviceGroupOf } from '../../directory/forest.js'
import { knownRights } from '../../xrml/rights.js'
import { requireSomebody } from '../access.js'
import { keyId } from '../key-id.js'
import { Problem } from '../problem.js'
import { describeTemplate, type TemplateDescription } from '../templates.js'
import { licensorKeyOf } from '../user-domains.js'
import type { SeedSurroundings } from './references.js'
import { mostTemplates, seedSettings, type SeedCluster, type SeedTemplate } from './seed-file.js'
import { tooMuch } from './too-much.js'

interface Office {
  readonly store: Store
  readonly endpoints: SeedSurroundings['endpoints']
}

/**
 * @param leftOut receives what cannot be said
 * @throws Problem 409, DatabaseAway
 */
export async function exportCluster(office: Office, row: ClusterRow, leftOut: string[]): Promise<SeedCluster> {
  const { store } = office
  const { name, kind, configuration } = row
  const usual = usualConfiguration(configuration, serviceGroupOf(await store.forest.read()))
  const say = (what: string): void => void leftOut.push(`cluster ${name}: ${what}`)
  const stored = await store.templates.list(name)
  if (stored.length > mostTemplates) tooMuch(`templates of cluster ${name}`, stored.length, mostTemplates)
  const templates = []
  for (const template of stored) templates.push(await templateOf(store, describeTemplate(template)))
  const parts: Partial<SeedCluster> = {
    templates,
    superUsers: await superUsersOf(store, configuration, say),
    exclusion: exclusionOf(configuration),
    access: await accessOf(office, row, usual, say),
    trust: await trustOf(store, row, say),
    settings: settingsOf(configuration, usual, say),
  }
  const filled = Object.entries(parts).filter(([, part]) => part !== undefined && Object.keys(part).length > 0)
  const mode = kind === 'root' ? { mode: configuration.cryptographicMode } : {}
  return { name, ...mode, ...Object.fromEntries(filled) }
}

type Say = (what: string) => void

async function templateOf(store: Store, template: TemplateDescription): Promise<SeedTemplate> {
  const { guid, state, texts, expiresOn, expiresAfterDays, useLicenseDays, referral, applicationData } = template
  const grants = []
  for (const { to, rights } of template.grants)
    grants.push({ to, rights, ...((await isSomebody(store, to)) ? {} : { known: false }) })
  const customRights = [...new Set(grants.flatMap(({ rights }) => rights))].filter(
    (right) => !knownRights.includes(right),
  )
  return {
    guid: guid.slice(1, -1),
    ...(state === 'published' ? {} : { state }),
    texts,
    grants,
    ...(customRights.length === 0 ? {} : { customRights }),
    ...(typeof expiresOn === 'string' ? { expiresOn } : {}),
    ...(typeof expiresAfterDays === 'number' ? { expiresAfterDays } : {}),
    ...(typeof useLicenseDays === 'number' ? { useLicenseDays } : {}),
    ...(typeof referral === 'string' ? { referral } : {}),
    ...(applicationData.length === 0 ? {} : { applicationData }),
  }
}

/** Addresses of other forests are for them to know. */
async function isSomebody({ directory, forest }: Store, address: string): Promise<boolean> {
  if (!address.toLowerCase().endsWith(`@${(await forest.read()).dnsName.toLowerCase()}`)) return true
  return ((await directory.accountByMail(address)) ?? (await directory.groupByMail(address))) !== undefined
}

async function superUsersOf(
  { directory }: Store,
  { superUserGroup: group, superUserEnabled: enabled }: ServerConfiguration,
  say: Say,
): Promise<SeedCluster['superUsers']> {
  if (group === null) return undefined
  if ((await directory.groupByMail(group)) !== undefined) return enabled ? { group } : { group, enabled }
  say(`super users, as there is no group ${group}`)
  return undefined
}

function exclusionOf(configuration: ServerConfiguration): SeedCluster['exclusion'] {
  const { applicationExclusionPolicy: applications, racExclusionPolicy, excludedAccounts } = configuration
  const { spcExclusionPolicy: securityProcessor } = configuration
  const accounts = (racExclusionPolicy ?? []).map((publicKey) => {
    const { account = null, since } = excludedAccounts.find((entry) => entry.publicKey === publicKey) ?? {}
    return { publicKey, ...(account === null ? {} : { account }), ...(since === undefined ? {} : { since }) }
  })
  return {
    ...(applications.length === 0 ? {} : { applications }),
    ...(accounts.length === 0 ? {} : { accounts }),
    ...(securityProcessor === null ? {} : { securityProcessor }),
  }
}

/** Those that are not as in a new cluster. */
async function accessOf(
  { store, endpoints }: Office,
  { kind, configuration }: ClusterRow,
  { admittedGroups: usual }: ServerConfiguration,
  say: Say,
): Promise<SeedCluster['access']> {
  const lists: (readonly [string, readonly string[] | 'everybody'])[] = []
  for (const path of endpoints(kind)) {
    const list = configuration.admittedGroups[path]
    if (isDeepStrictEqual(list, usual[path])) continue
    lists.push([
      path,
      list === undefined
        ? 'everybody'
        : await spelled(store, list, (name) => say(`${name} on the access list of ${path}, who is gone`)),
    ])
  }
  return Object.fromEntries(lists)
}

/** As the directory spells them. */
async function spelled(store: Store, names: readonly string[], gone: Say): Promise<readonly string[]> {
  const found: string[] = []
  for (const name of names) {
    try {
      found.push(await requireSomebody(store, name))
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      gone(name)
    }
  }
  return found
}

async function trustOf(store: Store, row: ClusterRow, say: Say): Promise<SeedCluster['trust']> {
  const { trustedRacIssuers, trustedLicensingServers, trustedForests } = row.configuration
  const clusters = await store.clusters.list()
  const owner = (key: string): ClusterRow | undefined => clusters.find((cluster) => licensorKeyOf(cluster) === key)
  for (const key of trustedRacIssuers) {
    const own = owner(key)
    if (own !== undefined && own.kind !== 'root') say(`trust in the cluster ${own.name}, whose key will be another one`)
  }
  const userDomains = trustedRacIssuers.filter((key) => owner(key) === undefined).map((publicKey) => ({ publicKey }))
  for (const { publicKey } of trustedLicensingServers)
    say(`the trusted publishing domain ${keyId(publicKey)}: its private key is no part of a seed file`)
  for (const { domain, user } of trustedForests)
    if (user !== null) say(`the trusted forest ${domain}: the password of ${user} is no part of a seed file`)
  const forests = trustedForests.filter(({ user }) => user === null).map(({ domain, url }) => ({ domain, url }))
  return { ...(userDomains.length === 0 ? {} : { userDomains }), ...(forests.length === 0 ? {} : { forests }) }
}

/** Those that are not as in a new cluster. */
function settingsOf(configuration: ServerConfiguration, usual: ServerConfiguration, say: Say): SeedCluster['settings'] {
  const { extranetListener } = configuration
  if (extranetListener !== null) say(`its extranet listener: one is opened by ${commandLine('add-extranet CLUSTER')}`)
  const follows = (value: unknown): boolean =>
    extranetListener !== null && typeof value === 'string' && value.startsWith(`${extranetListener}/`)
  const changed = seedSettings.filter((name) => {
    const value = configuration[name]
    return value !== null && !follows(value) && !isDeepStrictEqual(value, usual[name])
  })
  return Object.fromEntries(changed.map((name) => [name, configuration[name]]))
}

/** As the cluster was made, where it was told nothing. */
function usualConfiguration(configuration: ServerConfiguration, serviceGroup: string): ServerConfiguration {
  const { serverName, baseUrl, cryptographicMode, slc, trustedSpcCAKeys, trustedRacIssuers } = configuration
  const own = { serverName, baseUrl, cryptographicMode, slc, trustedSpcCAKeys, trustedRacIssuers }
  return defaultConfiguration(own, serviceGroup)
}
