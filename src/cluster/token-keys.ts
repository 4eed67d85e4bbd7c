/** The key of the installation's access tokens, made ready: every node verifies with its public half, the nodes of the root sign. */
import type { JWK } from 'jose'
import type { KeyObject } from 'node:crypto'
import { openAtRest, sealAtRest } from '../crypto/at-rest.js'
import { generateKeyPair, privateKeyFromPem, privateKeyToPem } from '../crypto/keys.js'
import type { Random } from '../effects.js'
import { drawsFrom, type Draws } from './draws.js'
import type { ServerState } from './server-state.js'
import type { StoredTokenKey, TokenKeyStore } from './store/token-key-store.js'

export interface TokenSigningKey {
  readonly kid: string
  readonly privateKey: KeyObject
}

export interface TokenKeys {
  /** What tokens are verified with; empty while none was ever issued. */
  published(): Promise<{ readonly keys: JWK[] }>
  /**
   * What tokens are signed with, made when there is none yet.
   * @throws Error for the state of a cluster that is not the root
   */
  signing(root: ServerState): Promise<TokenSigningKey>
}

interface KeyEffects {
  /** Of the machine: the key is sealed with it. */
  readonly random: Random
  /** Unpredictable when left out. */
  readonly draws?: Draws | undefined
}

const purpose = 'token-signing-key'
const keyBits = 2048

/** Both halves are kept once they have been read: they never change, and tokens count while the database is away. */
export function tokenKeys(store: TokenKeyStore, effects: KeyEffects): TokenKeys {
  let kept: StoredTokenKey | undefined
  let signing: Promise<TokenSigningKey> | undefined

  const open = async (root: ServerState): Promise<TokenSigningKey> => {
    if (root.kind !== 'root')
      throw new Error(`Tokens are signed by servers of the root cluster; ${root.name} is a licensing-only one`)
    kept = (await store.find()) ?? (await store.insertIfAbsent(await newKey(root, effects)))
    const { key } = privateKeyFromPem(openAtRest(root.clusterKey, purpose, kept.sealedPrivateKey).toString('utf8'))
    return { kid: jwkOf(kept).kid ?? '', privateKey: key }
  }

  return {
    published: async () => {
      kept ??= await store.find()
      return { keys: kept === undefined ? [] : [jwkOf(kept)] }
    },
    signing: async (root) => {
      signing ??= open(root)
      try {
        return await signing
      } catch (error) {
        signing = undefined
        throw error
      }
    },
  }
}

async function newKey(root: ServerState, { random, draws = drawsFrom(random) }: KeyEffects): Promise<StoredTokenKey> {
  const { calculateJwkThumbprint } = await import('jose')
  const pair = await generateKeyPair(keyBits, draws.of('token signing key'))
  const { kty, n, e } = pair.publicKey.key.export({ format: 'jwk' }) as JWK
  const jwk: JWK = {
    kty: kty ?? 'RSA',
    use: 'sig',
    alg: 'RS256',
    kid: await calculateJwkThumbprint({ kty: 'RSA', n: n ?? '', e: e ?? '' }),
    n: n ?? '',
    e: e ?? '',
  }
  return {
    publicKey: JSON.stringify(jwk),
    sealedPrivateKey: sealAtRest(root.clusterKey, purpose, Buffer.from(privateKeyToPem(pair)), random),
  }
}

function jwkOf({ publicKey }: StoredTokenKey): JWK {
  return JSON.parse(publicKey) as JWK
}
