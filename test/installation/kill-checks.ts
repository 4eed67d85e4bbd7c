/** What "whole" means: everything of an installation that can be checked from its database, and that it serves. */
import { sql, type Kysely } from 'kysely'
import { connect, labTrustRoot, readyMachine, verifyChainToRoot } from '../../src/client/index.js'
import { loadServerState, type ServerState } from '../../src/cluster/server-state.js'
import { isPostgres } from '../../src/cluster/store/exclusive.js'
import { openStore, type Store } from '../../src/cluster/store/open.js'
import type { Tables } from '../../src/cluster/store/schema.js'
import { seedDirectory, seedPassword } from '../../src/directory/seed.js'
import { checkChain } from '../../src/xrml/chain.js'
import { readOneDocument } from '../../src/xrml/document.js'
import type { KillsDatabase } from './kill-databases.js'

export const keyPassword = 'lab-key-password'

/** What is there; nothing of what is there is half. */
export interface Found {
  /** How far the installation has come, for people. */
  readonly phase: string
  readonly clusters: ReadonlyMap<string, FoundCluster>
  readonly members: number
}

export interface FoundCluster {
  readonly version: number
  readonly templates: number
  readonly racValidityTimeSeconds: number
}

class NotWhole extends Error {
  override readonly name = 'NotWhole'
}

function require(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new NotWhole(otherwise)
}

/** @throws NotWhole, and whatever the store throws */
export async function requireWhole(database: KillsDatabase, location: string): Promise<Found> {
  let store: Store
  try {
    store = await openStore(location, { create: false })
  } catch (error) {
    // There is nothing yet: not whole, and not half either.
    const name = error instanceof Error ? error.name : ''
    if (name === 'DatabaseRefused' && String(error).includes('There is no database file'))
      return nothingYet('no database')
    if (name === 'EmptyDatabase') return nothingYet('no tables')
    throw error
  }
  try {
    const raw = await database.open(location)
    try {
      await requireSoundTables(raw)
    } finally {
      await raw.destroy()
    }
    return await foundIn(store)
  } finally {
    await store.close()
  }
}

function nothingYet(phase: string): Found {
  return { phase, clusters: new Map(), members: 0 }
}

async function requireSoundTables(raw: Kysely<Tables>): Promise<void> {
  if (!isPostgres(raw)) {
    const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(raw)
    require(rows[0]?.integrity_check === 'ok', `SQLite finds the file damaged: ${rows[0]?.integrity_check}`)
  }
  const names = (await raw.selectFrom('cluster').select('name').execute()).map(({ name }) => name)
  for (const table of ['template', 'account_key', 'member'] as const) {
    const rows = await raw.selectFrom(table).select('cluster').distinct().execute()
    const orphans = rows.map(({ cluster }) => cluster).filter((cluster) => !names.includes(cluster))
    require(orphans.length === 0, `the table ${table} has rows of ${orphans.join(', ')}, which is no cluster`)
  }
  const addresses = await raw.selectFrom('account_address').select('account_sid').distinct().execute()
  const accounts = await raw.selectFrom('account').select('sid').execute()
  require(addresses.every(({ account_sid: sid }) =>
    accounts.some((account) => account.sid === sid),
  ), 'there is an address without its account')
}

async function foundIn(store: Store): Promise<Found> {
  const rows = await store.clusters.list()
  const forest = await store.forest.find()
  const accounts = await store.directory.countAccounts()
  require(accounts ===
    (forest === undefined ? 0 : seedDirectory.accounts.length), `the directory has ${accounts} accounts`)
  const root = rows.find(({ kind }) => kind === 'root')
  require(rows.length === 0 || root !== undefined, 'there are clusters, and no root')
  require(rows.filter(({ kind }) => kind === 'root').length <= 1, 'there are two roots')
  const registered = root === undefined ? undefined : `${root.configuration.baseUrl}/certification`
  require(forest?.serviceConnectionPoint ===
    registered, `the service connection point is ${forest?.serviceConnectionPoint}, and the root is ${registered}`)
  const rootKey =
    root === undefined
      ? ''
      : (await loadServerState(store, root.name, keyPassword, 'openssl')).own.signer.publicKey.modulus
  const clusters = new Map<string, FoundCluster>()
  for (const { name } of rows) {
    const state = await loadServerState(store, name, keyPassword, 'openssl')
    requireWholeCluster(state, rootKey)
    const { configurationVersion: version, racValidityTimeSeconds } = state.configuration
    require((await store.clusters.configurationVersion(name)) ===
      version, `the version of "${name}" is not that in its configuration`)
    clusters.set(name, { version, racValidityTimeSeconds, templates: state.own.templates.length })
  }
  const members = (await store.members.list()).length
  const phase =
    forest === undefined ? 'tables' : rows.length === 0 ? 'directory' : `${rows.length} clusters, ${members} members`
  return { phase, clusters, members }
}

/** That the key unseals, and is that of the SLC, `loadServerState` has seen to. */
function requireWholeCluster({ name, own, configuration, homeRacIssuer }: ServerState, rootKey: string): void {
  verifyChainToRoot(own.chain, labTrustRoot(configuration.cryptographicMode))
  require(homeRacIssuer === rootKey, `"${name}" trusts the account certificates of another root`)
  require(own.templates.length >= 3, `"${name}" has ${own.templates.length} templates`)
  for (const { guid, text } of own.templates) {
    const { ok, why } = checkChain([readOneDocument(text), ...own.chain])
    require(ok, `the template ${guid} of "${name}" does not verify: ${why}`)
  }
}

/** alice publishes, bob opens, mallory is not asked. @param url public base URL, or without /_wmcs */
export async function requireLicense(url: string): Promise<void> {
  const at = (user: 'alice' | 'bob') =>
    connect({ url, user: `CONTOSO\\${user}`, password: seedPassword, machine: readyMachine(`${user}-pc-mode2`) })
  const content = Buffer.from('figures')
  const file = await at('alice').protectFile(content, '.txt', {
    rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }],
  })
  const { plain } = await at('bob').openFile(file)
  require(plain.equals(content), `what was protected at ${url} opens as something else`)
}
