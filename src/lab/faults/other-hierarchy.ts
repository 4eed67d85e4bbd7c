/** Another hierarchy of certificates, with a root that nobody trusts, and somebody else's key: made when they are asked for the first time. */
import type { KeyPool } from '../../crypto/key-pool.js'
import type { RsaPrivateKey, RsaPublicKey } from '../../crypto/keys.js'
import type { ModeRules } from '../../crypto/modes.js'
import { createSigner } from '../../crypto/signer.js'
import { readDocuments } from '../../xrml/document.js'
import type { ObjectFields } from '../../xrml/elements.js'
import type { Principal } from '../../xrml/body.js'
import type { Issuing } from '../../xrml/issuing.js'
import { buildIssuingCertificate, type IssuingCertificate } from '../../xrml/issuing-certificate.js'

/** Makes it once for each key in `memory`, whoever asks meanwhile. */
function once<Key extends object, Value>(
  memory: WeakMap<Key, Promise<Value>>,
  key: Key,
  make: () => Promise<Value>,
): Promise<Value> {
  const before = memory.get(key)
  if (before !== undefined) return before
  const made = make()
  memory.set(key, made)
  // Whoever asks after a failure tries again.
  made.catch(() => memory.delete(key))
  return made
}

const accountKeys = new WeakMap<KeyPool, Promise<RsaPrivateKey>>()
const licensors = new WeakMap<Principal, Promise<Issuing>>()

/** Of an account that none of the servers here has. */
export async function otherAccountKey({ keyBits }: ModeRules, keys: KeyPool): Promise<RsaPublicKey> {
  return (await once(accountKeys, keys, () => keys.take(keyBits, ['other account']))).publicKey
}

/** A server with the name and the id of this one, and another key, certified under another root: all links hold. */
export function otherHierarchy({ principal }: Issuing, rules: ModeRules, keys: KeyPool): Promise<Issuing> {
  return once(licensors, principal, () => makeLicensor(principal, rules, keys))
}

/** RSA-2048 in both modes, as the keys of roots and CAs are here. */
const authorityBits = 2048

const rootObject: ObjectFields = {
  type: 'DRM-Certificate-Authority',
  idType: 'ascii-tag',
  id: 'Another Lab Root',
  name: 'Another Lab Root',
}
const authorityObject: ObjectFields = { ...rootObject, id: 'Another Lab CA', name: 'Another Lab CA' }

/** Whatever the clock of the lab says. */
const always = {
  issuedTime: new Date('1990-01-01T00:00:00Z'),
  range: { from: new Date('1990-01-01T00:00:00Z'), until: new Date('9999-01-01T00:00:00Z') },
} as const

async function makeLicensor(principal: Principal, { hash, keyBits }: ModeRules, keys: KeyPool): Promise<Issuing> {
  const take = (bits: number, whose: string) =>
    keys.take(bits, ['other hierarchy', whose, principal.object?.name ?? ''])
  const root = await take(authorityBits, 'root')
  const authority = await take(authorityBits, 'authority')
  const server = await take(keyBits, 'server')
  const certify = (certificate: Omit<IssuingCertificate, keyof typeof always>, by: RsaPrivateKey): Promise<string> =>
    buildIssuingCertificate({ ...certificate, ...always }, createSigner('openssl', by), hash)
  const authorityCertificate = await certify(
    {
      descriptorType: 'DRM-CA-Certificate',
      guid: '{6b8e0f5c-8d3a-4c56-9f0e-1f2a3b4c5d6e}',
      issuer: { object: rootObject, publicKey: root.publicKey },
      principal: authorityObject,
      publicKey: authority.publicKey,
    },
    root,
  )
  const serverCertificate = await certify(
    {
      descriptorType: 'Server-Licensor-Certificate',
      guid: '{7c9f106d-9e4b-4d67-8a1f-203b4c5d6e7f}',
      issuer: { object: authorityObject, publicKey: authority.publicKey },
      principal: objectOf(principal),
      publicKey: server.publicKey,
      securityLevels: principal.securityLevels,
    },
    authority,
  )
  const chain = readDocuments(serverCertificate + authorityCertificate)
  const own = chain[0]?.body.issuedPrincipal
  if (own === undefined) throw new Error('The certificate of the other hierarchy names nobody')
  return { chain, principal: own, signer: createSigner('openssl', server) }
}

function objectOf({ object }: Principal): ObjectFields {
  if (object === undefined) throw new Error('The server has no name')
  const { type, idType, id, name, addresses } = object
  return { type, idType, id, name, addresses }
}
