/** A snapshot as a file, to be kept or taken elsewhere: what it is stands in clear, the state itself is sealed under a password, with its keys. */
import { hash as digestOf } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { documentOf, InvalidState } from '../../cluster/state-document.js'
import { openState, sealState } from '../../cluster/state-secrets.js'
import { schemaVersion } from '../../cluster/store/schema.js'
import type { ClusterState } from '../../cluster/store/state-rows.js'
import type { Snapshot, SnapshotAbout } from '../../cluster/store/snapshot-store.js'
import { privateKeyFromPem } from '../../crypto/keys.js'
import { DoesNotOpen, openUnderPassword, sealUnderPassword } from '../../crypto/password-seal.js'
import { readDocuments } from '../../xrml/document.js'
import { readRightsData } from '../../xrml/rights-data.js'
import { problem } from '../problem.js'
import type { LabOffice } from './ask-server.js'
import { keptStateOf, largestSnapshot, readKeptState, type KeptState } from './kept-state.js'
import { commandLine } from '../../command-line.js'

export const snapshotFormat = 'rms-emulator snapshot 1'

/** Schema version, time and hash of the state are those of the snapshot. */
export interface SnapshotFile extends Omit<SnapshotAbout, 'size'> {
  readonly format: typeof snapshotFormat
  /** Base64. */
  readonly salt: string
  /** Base64. */
  readonly sealed: string
  /** SHA-256 of all the rest, hexadecimal: a file that was changed is told from a wrong password. */
  readonly digest: string
}

/** Characters of the sealed part. */
export const longestSealed = 2 * largestSnapshot

const longestName = 200

/** @throws Problem 400 for a password that cannot be, 409 */
export async function sealSnapshot(
  { keyPassword, random }: LabOffice,
  snapshot: Snapshot,
  password: string,
): Promise<SnapshotFile> {
  requirePassword(password)
  const { state, servers } = keptStateOf(snapshot, `The snapshot "${snapshot.about.name}"`)
  const { open } = await openState(state, keyPassword)
  const bytes = gzipSync(JSON.stringify({ state: documentOf(open), servers: servers ?? null }))
  const { name, schema, taken, hash } = snapshot.about
  const about = { format: snapshotFormat, name, schema, taken, hash } as const
  const sealed = await sealUnderPassword(bytes, { password, boundTo: JSON.stringify(about), random })
  return { ...about, ...sealed, digest: digestOver({ ...about, ...sealed }) }
}

/**
 * Opens a file, and seals its keys under the key password of this installation.
 * @throws Problem 400 for what is no such file, a changed one, or a wrong password; 409 for one of another schema version
 */
export async function openSnapshot(
  { keyPassword, random, store }: LabOffice,
  file: SnapshotFile,
  password: string,
): Promise<KeptState> {
  requirePassword(password)
  requireFile(file)
  const { format, name, schema, taken, hash, salt, sealed, digest } = file
  if (schema !== schemaVersion)
    problem(
      409,
      `The file was written by a program with schema version ${schema}, and this one has ${schemaVersion}: nothing was kept`,
    )
  if (digest !== digestOver({ format, name, schema, taken, hash, salt, sealed }))
    problem(400, 'The file was changed since it was written: nothing was kept')
  const bytes = await openUnderPassword(
    { salt, sealed },
    {
      password,
      boundTo: JSON.stringify({ format, name, schema, taken, hash }),
    },
  ).catch((error: unknown) => {
    if (error instanceof DoesNotOpen) problem(400, 'The password is not that of the file: nothing was kept')
    if (error instanceof RangeError) problem(400, `The file was changed since it was written: ${error.message}`)
    throw error
  })
  const { state: open, servers } = readOpen(bytes)
  const salts = new Map((await store.clusters.list()).map((cluster) => [cluster.name, cluster.keySalt]))
  return { state: await sealState({ open }, keyPassword, { salts, random }), servers }
}

function digestOver({ format, name, schema, taken, hash, salt, sealed }: Omit<SnapshotFile, 'digest'>): string {
  return digestOf('sha256', JSON.stringify([format, name, schema, taken, hash, salt, sealed]), 'hex')
}

function requirePassword(password: unknown): void {
  if (typeof password !== 'string' || password === '' || password.length > 1024)
    problem(400, 'The file needs a password of 1 to 1024 characters: whoever has it and the file has all keys')
}

/** A program may give anything. */
function requireFile(file: unknown): void {
  const { format, schema, ...texts } = (file ?? {}) as Readonly<Record<string, unknown>>
  if (format !== snapshotFormat)
    problem(
      400,
      `This is no file of a snapshot: its format would be "${snapshotFormat}". One is written by ${commandLine('lab snapshot export NAME FILE')}`,
    )
  const wrong = ['name', 'taken', 'hash', 'salt', 'sealed', 'digest'].find((name) => {
    const text = texts[name]
    return typeof text !== 'string' || text.length > (name === 'sealed' ? longestSealed : longestName)
  })
  if (wrong !== undefined || !Number.isSafeInteger(schema))
    problem(400, `The file was changed since it was written: its ${wrong ?? 'schema'} cannot be. Nothing was kept`)
}

/** Everything that a node will read is judged here: a state that it could not load would stop it from following its configuration. */
function readOpen(bytes: Buffer): KeptState {
  try {
    const kept = readKeptState(gunzipSync(bytes, { maxOutputLength: 2 * largestSnapshot }).toString('utf8'))
    for (const cluster of kept.state.clusters) requireKeys(cluster)
    for (const { cluster, account_id: account, public_key: publicKey, sealed_key_pair: pem } of kept.state.tables
      .account_key)
      requireKey(pem, publicKey, `of the account ${account} at ${cluster}`)
    for (const { signed_xrml: text } of kept.state.tables.template) readRightsData(text)
    return kept
  } catch (error) {
    const why = error instanceof InvalidState ? `: it ${error.message}` : ''
    return problem(400, `What the file holds cannot be the state of an installation${why}. Nothing was kept`)
  }
}

/** With its keys open. */
function requireKeys({
  name,
  sealed_key_pair: pem,
  configuration: { slc, trustedLicensingServers },
}: ClusterState): void {
  const certified = readDocuments(slc.join(''))[0]?.body.issuedPrincipal?.publicKey?.modulus
  requireKey(pem, certified, `of the cluster ${name}`)
  for (const { publicKey, sealedKeyPair } of trustedLicensingServers)
    requireKey(sealedKeyPair, publicKey, `of a trusted publishing domain of ${name}`)
}

function requireKey(pem: string, publicKey: string | undefined, whose: string): void {
  if (modulusOf(pem) !== publicKey) throw new InvalidState(`has a key pair ${whose} that is not that of its public key`)
}

function modulusOf(pem: string): string {
  try {
    return privateKeyFromPem(pem).publicKey.modulus
  } catch {
    return 'none'
  }
}
