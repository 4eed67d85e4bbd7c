/**
 * Installations of two forests that know each other, as administrators arrange it with the genuine product (adrms-deployment 3.3; [MS-RMPRS] 3.5): each
 * trusts the account certificates of the other one's root, asks it about its groups, and lets its people ask for licenses without signing in. Trusted
 * publishing domains are never exchanged.
 */
import { modes } from '../crypto/modes.js'
import type { ServerConfiguration } from '../cluster/configuration.js'
import { forestPurpose, type ServerState } from '../cluster/server-state.js'
import { serviceAccount } from '../cluster/service-account.js'
import type { ClusterRow } from '../cluster/store/cluster-store.js'
import type { Store } from '../cluster/store/open.js'
import { forestNameProblem } from '../config/forest-name.js'
import { sealAtRest } from '../crypto/at-rest.js'
import type { Random } from '../effects.js'
import { anonymousName } from '../identity/access.js'
import { readDocuments } from '../xrml/document.js'
import { changeConfiguration } from './change-configuration.js'
import { keyId } from './key-id.js'
import { requireLicensorChain } from './licensor-chain.js'
import { problem } from './problem.js'
import { licensorKeyOf } from './user-domains.js'

/** What a forest tells its partner. */
export interface Introduction {
  /** DNS name. */
  readonly forest: string
  /** SLC of the root cluster with the chain above it: XrML documents, leaf first. */
  readonly certificate: string
  /** Where it tells who is in its groups. */
  readonly groupExpansion: string
  /** An account that it admits there. */
  readonly user: string
  readonly password: string
}

export interface Partner {
  readonly forest: string
  readonly groupExpansion: string
  /** Id of the trusted user domain; null: it is trusted no longer. */
  readonly userDomain: string | null
  /** Those that know it. */
  readonly clusters: readonly string[]
}

interface Office {
  readonly store: Store
  readonly openCluster: (name: string) => Promise<ServerState>
  readonly random: Random
}

/** Where people of a partner ask for licenses: they have no account here, and show the certificate of their own root. */
const licenseEndpoint = '/licensing/license.asmx'

/** @throws NoServiceAccount, Problem 409 without a root cluster, DatabaseAway */
export async function introduce(store: Store): Promise<Introduction> {
  const { configuration } = await rootOf(store)
  const { dnsName: forest } = await store.forest.read()
  return {
    forest,
    certificate: configuration.slc.join(''),
    groupExpansion: `${configuration.baseUrl}/groupexpansion/GroupExpansion.asmx`,
    ...(await serviceAccount(store.directory)),
  }
}

/**
 * Whether this forest can be a partner of that one. Changes nothing.
 * @returns the key of its root
 * @throws Problem 400 for a certificate that does not hold, 409 for itself, one of the same name, or of another cryptographic mode
 */
export async function requirePartner(store: Store, { forest, certificate }: Introduction): Promise<string> {
  const { principal, publicKey } = requireLicensorChain(() => readDocuments(certificate))
  const root = await rootOf(store)
  const { dnsName: own } = await store.forest.read()
  if (licensorKeyOf(root) === publicKey) problem(409, `That is this installation itself (${own}): name another one`)
  requireOtherName(forest, own)
  const { cryptographicMode: mode } = root.configuration
  if (principal.publicKey?.bits !== modes[mode].keyBits)
    problem(
      409,
      `${forest} is not of cryptographic mode ${mode}, as this installation is: a certificate of one mode gets no license in the other`,
    )
  return publicKey
}

/** @throws Problem 400, 409 */
export function requireOtherName(forest: string, own: string): void {
  const wrong = forestNameProblem(forest)
  if (wrong !== undefined)
    problem(400, `The name of the other forest is ${JSON.stringify(forest.slice(0, 100))}: it ${wrong}`)
  if (forest.toLowerCase() === own.toLowerCase())
    problem(
      409,
      `Both installations are the forest ${own}, so that nobody could tell their accounts apart: start one of them with another name, such as --forest fabrikam.test`,
    )
}

/**
 * Every cluster of this installation knows the other forest from now on. Again, it changes what is other meanwhile, as after a new start of the other
 * one, and tells clusters that were added.
 * @returns names of the clusters
 * @throws as requirePartner, and DatabaseAway
 */
export async function knowPartner(
  { store, openCluster, random }: Office,
  partner: Introduction,
): Promise<readonly string[]> {
  const licensor = await requirePartner(store, partner)
  const domain = partner.forest.toLowerCase()
  const { user, groupExpansion: url } = partner
  const names = (await store.clusters.list()).map(({ name }) => name)
  for (const name of names) {
    const { clusterKey } = await openCluster(name)
    const sealedPassword = sealAtRest(clusterKey, forestPurpose(domain), Buffer.from(partner.password, 'utf8'), random)
    await changeConfiguration(store, name, undefined, (stored) => {
      const rest = withoutPartner(stored, domain)
      return {
        trustedRacIssuers: [...new Set([...rest.trustedRacIssuers, licensor])],
        trustedForests: [...rest.trustedForests, { domain, url, user, sealedPassword, licensor }],
        admittedGroups: withStrangers(stored.admittedGroups),
      }
    })
  }
  return names
}

/** A list that an administrator made is left as it is. */
function withStrangers(lists: ServerConfiguration['admittedGroups']): ServerConfiguration['admittedGroups'] {
  return lists[licenseEndpoint] === undefined ? { ...lists, [licenseEndpoint]: [anonymousName] } : lists
}

function withoutPartner(
  { trustedForests, trustedRacIssuers }: ServerConfiguration,
  domain: string,
): Pick<ServerConfiguration, 'trustedForests' | 'trustedRacIssuers'> {
  const former = trustedForests.filter((other) => other.domain === domain).map(({ licensor }) => licensor)
  return {
    trustedForests: trustedForests.filter((other) => other.domain !== domain),
    trustedRacIssuers: trustedRacIssuers.filter((key) => !former.includes(key)),
  }
}

/**
 * This side trusts it no longer, and asks it nothing; the other side does as it did.
 * @throws Problem 404, DatabaseAway
 */
export async function forgetPartner(store: Store, forest: string): Promise<void> {
  const domain = forest.toLowerCase()
  const partners = await listPartners(store)
  const partner = partners.find((other) => other.forest === domain)
  if (partner === undefined) {
    const known = partners.map((other) => other.forest).join(', ')
    return problem(404, `No partner is called ${forest}; ${known === '' ? 'there is none' : `there is ${known}`}`)
  }
  for (const name of partner.clusters)
    await changeConfiguration(store, name, undefined, (stored) => withoutPartner(stored, domain))
}

/** In order of their names. @throws DatabaseAway */
export async function listPartners(store: Store): Promise<readonly Partner[]> {
  const partners = new Map<string, Partner>()
  for (const { name, configuration } of await store.clusters.list()) {
    const { trustedForests, trustedRacIssuers } = configuration
    for (const { domain: forest, url: groupExpansion, licensor } of trustedForests) {
      if (licensor === undefined) continue
      const { clusters = [], userDomain = null } = partners.get(forest) ?? {}
      const trusted = trustedRacIssuers.includes(licensor) ? keyId(licensor) : userDomain
      partners.set(forest, { forest, groupExpansion, userDomain: trusted, clusters: [...clusters, name] })
    }
  }
  return [...partners.values()].toSorted((one, other) => (one.forest < other.forest ? -1 : 1))
}

async function rootOf(store: Store): Promise<ClusterRow> {
  const root = (await store.clusters.list()).find(({ kind }) => kind === 'root')
  return root ?? problem(409, 'This installation has no root cluster, which certifies its accounts: make it first')
}
