/** The private keys in a state, and the passwords for other forests: sealed under the key of their cluster, or open. */
import { clusterKeyOf, openAtRest, saltLength, sealAtRest, type ClusterKey } from '../crypto/at-rest.js'
import type { Random } from '../effects.js'
import { accountKeyPurpose, clusterKeyPurpose, forestPurpose, trustedPurpose } from './server-state.js'
import type { ClusterState, StateRows } from './store/state-rows.js'

/**
 * The state with every sealed text open, and without the salts of the cluster keys: what it is, whatever it was sealed with. For memory, not to be
 * written anywhere as it is.
 */
export interface OpenState {
  readonly open: StateRows
}

/** @throws WrongKeyPassword, MalformedSealedText */
export async function openState(sealed: StateRows, keyPassword: string): Promise<OpenState> {
  const keys = await keysOf(sealed, keyPassword)
  const open = withSecrets(sealed, (cluster, purpose, text) =>
    openAtRest(keyOf(keys, cluster), purpose, text).toString('utf8'),
  )
  return { open: { ...open, clusters: open.clusters.map((cluster) => ({ ...cluster, key_salt: '' })) } }
}

/**
 * Seals a state for this installation.
 * @param salts of the cluster keys that are there, by cluster: servers that run have those keys. Other clusters get new ones
 */
export async function sealState(
  { open }: OpenState,
  keyPassword: string,
  { salts, random }: { readonly salts: ReadonlyMap<string, string>; readonly random: Random },
): Promise<StateRows> {
  const salted = {
    ...open,
    clusters: open.clusters.map((cluster) => ({
      ...cluster,
      key_salt: salts.get(cluster.name) ?? random.bytes(saltLength).toString('base64'),
    })),
  }
  const keys = await keysOf(salted, keyPassword)
  return withSecrets(salted, (cluster, purpose, text) =>
    sealAtRest(keyOf(keys, cluster), purpose, Buffer.from(text, 'utf8'), random),
  )
}

type Keys = ReadonlyMap<string, ClusterKey>

async function keysOf({ clusters }: StateRows, keyPassword: string): Promise<Keys> {
  const keys = clusters.map(
    async ({ name, key_salt: salt }) => [name, await clusterKeyOf(keyPassword, Buffer.from(salt, 'base64'))] as const,
  )
  return new Map(await Promise.all(keys))
}

function keyOf(keys: Keys, cluster: string): ClusterKey {
  const key = keys.get(cluster)
  if (key === undefined) throw new Error(`The state has a key of the cluster ${cluster}, which is not in it`)
  return key
}

type Change = (cluster: string, purpose: string, text: string) => string

/** The state with every secret in it changed. */
function withSecrets(state: StateRows, change: Change): StateRows {
  return {
    ...state,
    clusters: state.clusters.map((cluster) => withClusterSecrets(cluster, change)),
    tables: {
      ...state.tables,
      account_key: state.tables.account_key.map((row) => ({
        ...row,
        sealed_key_pair: change(row.cluster, accountKeyPurpose(row.cluster, row.account_id), row.sealed_key_pair),
      })),
    },
  }
}

function withClusterSecrets(cluster: ClusterState, change: Change): ClusterState {
  const { name, configuration } = cluster
  return {
    ...cluster,
    sealed_key_pair: change(name, clusterKeyPurpose(name), cluster.sealed_key_pair),
    configuration: {
      ...configuration,
      trustedLicensingServers: configuration.trustedLicensingServers.map((server) => ({
        ...server,
        sealedKeyPair: change(name, trustedPurpose(server.publicKey), server.sealedKeyPair),
      })),
      trustedForests: configuration.trustedForests.map((forest) => ({
        ...forest,
        sealedPassword:
          forest.sealedPassword === null ? null : change(name, forestPurpose(forest.domain), forest.sealedPassword),
      })),
    },
  }
}
