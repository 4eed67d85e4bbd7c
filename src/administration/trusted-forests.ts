/** Other forests, whose RMS servers are asked who is in their groups ([MS-RMPRS] 3.5; adrms-deployment 3.3). */
import type { ForestTrust } from '../cluster/configuration.js'
import { forestPurpose, type ServerState } from '../cluster/server-state.js'
import type { Store } from '../cluster/store/open.js'
import { sealAtRest } from '../crypto/at-rest.js'
import type { Random } from '../effects.js'
import { changeConfiguration, requireCluster } from './change-configuration.js'
import { line, url } from './input-schemas.js'
import { problem } from './problem.js'

export interface ForestWanted {
  readonly domain: string
  readonly url: string
  readonly user?: string | undefined
  readonly password?: string | undefined
}

export const domain = {
  type: 'string',
  maxLength: 253,
  pattern: '^[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)*$',
  description: 'Mail domain of its groups',
  examples: ['fabrikam.test'],
} as const
export const location = {
  ...url,
  description: 'Its GroupExpansion.asmx; FindServiceLocations there tells it',
  examples: ['https://rms.fabrikam.test/_wmcs/groupexpansion/GroupExpansion.asmx'],
}
export const user = {
  ...line(256, 'FABRIKAM\\rms-service'),
  description: 'An account that it admits to this endpoint; the own service account when left out',
}
export const forestPassword = { type: 'string', minLength: 1, maxLength: 1024 } as const

interface Office {
  readonly store: Store
  readonly openCluster: (name: string) => Promise<ServerState>
  readonly random: Random
}

/** @throws Problem 400, 404, 409 for the own forest and one that is asked already, 412 */
export async function trustForest(
  office: Office,
  cluster: string,
  wanted: ForestWanted,
  ifMatch?: string,
): Promise<ForestTrust> {
  const added = await trustOf(office, cluster, wanted)
  await changeConfiguration(office.store, cluster, ifMatch, ({ trustedForests: stored }) => {
    if (stored.some((other) => other.domain === added.domain))
      problem(409, `Groups of ${added.domain} are asked for already: remove that first`)
    return { trustedForests: [...stored, added] }
  })
  return added
}

async function trustOf(
  { store, openCluster, random }: Office,
  cluster: string,
  wanted: ForestWanted,
): Promise<ForestTrust> {
  const { user, password } = wanted
  await requireCluster(store, cluster)
  const name = wanted.domain.toLowerCase()
  if (name === (await store.forest.read()).dnsName.toLowerCase())
    problem(409, `${name} is the own forest: its directory is here`)
  if ((user === undefined) !== (password === undefined)) problem(400, 'user and password go together')
  const key = password === undefined ? undefined : (await openCluster(cluster)).clusterKey
  const sealedPassword =
    key === undefined ? null : sealAtRest(key, forestPurpose(name), Buffer.from(password ?? '', 'utf8'), random)
  return { domain: name, url: wanted.url.replace(/\/$/, ''), user: user ?? null, sealedPassword }
}
