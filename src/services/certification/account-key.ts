/** GetUserKeyPair and SetUserKeyPair ([MS-RMPR] 3.1.1.3.4, 3.1.1.3.5): an account has one key pair, on every machine. */
import { accountKeyPurpose as purpose, type ServerState } from '../../cluster/server-state.js'
import { openAtRest, sealAtRest, type ClusterKey } from '../../crypto/at-rest.js'
import { privateKeyFromPem, privateKeyToPem, type RsaPrivateKey } from '../../crypto/keys.js'
import { recentMap, type Recent } from '../../recent.js'
import type { ServiceContext } from '../context.js'

/** The account's key pair; made and stored when it has none. Two nodes that race for it get the same one. */
export async function accountKeyPair(
  context: ServiceContext,
  state: ServerState,
  accountId: string,
): Promise<RsaPrivateKey> {
  const stored = await context.store.accountKeys.find(state.name, accountId)
  if (stored !== undefined) return openPair(state, accountId, stored.sealedKeyPair)
  const made = await context.keyPairs.take(state.rules.keyBits, ['account', state.name, accountId])
  const sealedKeyPair = sealAtRest(
    state.clusterKey,
    purpose(state.name, accountId),
    Buffer.from(privateKeyToPem(made)),
    context.machineRandom,
  )
  const key = { publicKey: made.publicKey.modulus, sealedKeyPair, created: context.clock.now().toISOString() }
  const winner = await context.store.accountKeys.insertIfAbsent(state.name, accountId, key)
  return winner.sealedKeyPair === sealedKeyPair ? made : openPair(state, accountId, winner.sealedKeyPair)
}

/** Making a key object takes as long as a signature: those opened lately are kept, by their sealed text, for whoever has the same cluster key. */
function openPair({ clusterKey, name }: ServerState, accountId: string, sealed: string): RsaPrivateKey {
  const opened = openedPairs.get(clusterKey) ?? recentMap<string, RsaPrivateKey>(mostOpened)
  openedPairs.set(clusterKey, opened)
  const key = `${accountId} ${sealed}`
  const before = opened.get(key)
  if (before !== undefined) return before
  const pair = privateKeyFromPem(openAtRest(clusterKey, purpose(name, accountId), sealed).toString('utf8'))
  opened.set(key, pair)
  return pair
}

const mostOpened = 1000
const openedPairs = new WeakMap<ClusterKey, Recent<string, RsaPrivateKey>>()
