/** `provision`: makes a cluster in the database. Servers join it with `node`. */
import type { ServerConfiguration } from '../../cluster/configuration.js'
import type { Settings } from '../../config/options.js'
import type { CryptoMode } from '../../crypto/modes.js'
import { provisionLicensing, provisionRoot } from '../../cluster/provision.js'
import { drawsOf, type Draws } from '../../cluster/draws.js'
import { foundForest, requireForest } from '../../cluster/found-forest.js'
import { forestClock } from '../../cluster/forest-clock.js'
import { loadServerState } from '../../cluster/server-state.js'
import { openStore, upgradedText, type Store } from '../../cluster/store/open.js'
import { systemClock, systemRandom, type Clock, type Random } from '../../effects.js'
import { beginSeedAndClock, judgedClock } from '../../installation/seed-and-clock.js'
import { databaseOf } from '../database.js'
import { Failure } from '../failure.js'
import { createOutput, table } from '../output.js'
import { withoutPath } from '../public-url.js'
import { commandLine, shellWord } from '../../command-line.js'

/** @param given flags of database and secrets, as they stood on the command line: those of the next command */
export async function provision(
  settings: Settings<'provision'>,
  kind: string,
  given: readonly string[] = [],
): Promise<void> {
  requireKind(kind)
  const { extranetUrl, keyPassword, ifAbsent } = settings
  const { cluster, db, publicUrl } = required(settings)
  const output = createOutput(settings.json)
  const baseUrl = baseUrlAt(publicUrl)
  const outside = extranetUrl === undefined ? {} : extranetUrls(kind, baseUrlAt(extranetUrl))
  const clock = settings.clock === undefined ? undefined : judgedClock(settings.clock)
  // A root may be the first of a database; a licensing-only cluster joins what there is.
  const store = await openStore(db, {
    create: kind === 'root',
    migrate: settings.migrate,
    onUpgraded: (upgraded) => output.note(upgradedText(upgraded)),
  })
  try {
    await requireForest(store, settings.forest)
    const present = ifAbsent ? await store.clusters.find(cluster) : undefined
    const random = systemRandom
    if (present === undefined) {
      if (clock !== undefined) await requireNew(store)
      await beginSeedAndClock(store, { seed: settings.seed, clock }, keyPassword)
    }
    const draws = await drawsOf(store.randomSeed, { random })
    const effects = { clock: await forestClock(store.lab, systemClock), random, draws }
    if (present?.kind === kind) {
      // A wrong password is told now, not by every node.
      await loadServerState(store, cluster, keyPassword, 'openssl')
      output.result(
        { event: 'present', cluster, kind, url: present.configuration.baseUrl },
        `The cluster ${cluster} (${kind}) is there already, at ${present.configuration.baseUrl}: nothing was changed`,
      )
      return
    }
    await make(store, settings, { kind, name: cluster, baseUrl, settings: outside }, effects)
    const configuration = (await store.clusters.find(cluster))?.configuration
    const made = {
      event: 'provisioned',
      cluster,
      kind,
      url: baseUrl,
      ...(extranetUrl === undefined ? {} : { extranetUrl: baseUrlAt(extranetUrl) }),
      cryptoMode: configuration?.cryptographicMode,
    }
    const next = commandLine(['node', '--cluster', cluster, ...given].map(shellWord).join(' '))
    output.result(
      made,
      `${table([['cluster', `${cluster} (${kind}, Mode ${made.cryptoMode})`], ['URL', baseUrl], ...(made.extranetUrl === undefined ? [] : [['extranet URL', made.extranetUrl]])])}\n\nNext:  ${output.paint.strong(next)}`,
    )
  } finally {
    await store.close()
  }
}

function requireKind(kind: string): asserts kind is 'root' | 'licensing' {
  if (kind !== 'root' && kind !== 'licensing')
    throw new Failure(
      `There is no kind of cluster "${kind}": ${commandLine('provision root')}, or ${commandLine('provision licensing')}`,
      2,
    )
}

/** @throws Failure for what is needed and was not said */
function required(settings: Settings<'provision'>): Record<'cluster' | 'db' | 'publicUrl', string> {
  const { cluster, publicUrl } = settings
  const db = databaseOf(settings)
  if (cluster === undefined) throw new Failure('Say how the cluster is to be called: --cluster NAME', 2)
  if (db === undefined)
    throw new Failure(
      'Say where the installation is, or is to be: --db PATH of an SQLite file, or --db postgres://…',
      2,
    )
  if (publicUrl === undefined)
    throw new Failure(
      'Say under which address clients will see the cluster, as it stands in licenses: --public-url URL',
      2,
    )
  return { cluster, db, publicUrl }
}

interface Wanted {
  readonly kind: 'root' | 'licensing'
  readonly name: string
  readonly baseUrl: string
  readonly settings: Partial<ServerConfiguration>
}

async function make(
  store: Store,
  given: Settings<'provision'>,
  { kind, ...wanted }: Wanted,
  effects: { readonly clock: Clock; readonly random: Random; readonly draws: Draws },
): Promise<void> {
  const { keyPassword, enrollment } = given
  if (kind === 'licensing') return provisionLicensing(store, { ...wanted, keyPassword, enrollment }, effects)
  await foundForest(store, given.forest)
  await provisionRoot(store, { ...wanted, mode: modeOf(given), keyPassword }, effects)
}

/** The clock of servers that run is another command's business. @throws Failure */
async function requireNew({ clusters }: Store): Promise<void> {
  if ((await clusters.list()).length > 0)
    throw new Failure(
      `--clock is for a new installation. That of one that is there is set by ${commandLine('lab clock')}`,
      2,
    )
}

function modeOf({ cryptoMode = 2 }: Settings<'provision'>): CryptoMode {
  return cryptoMode
}

function baseUrlAt(address: string): string {
  return `${withoutPath(address)}/_wmcs`
}

/** A licensing-only cluster certifies nobody: outside too, accounts go to the root. */
function extranetUrls(kind: 'root' | 'licensing', baseUrl: string): Partial<ServerConfiguration> {
  const externalLicensingUrl = `${baseUrl}/licensing`
  return kind === 'root'
    ? { externalLicensingUrl, externalCertificationUrl: `${baseUrl}/certification` }
    : { externalLicensingUrl }
}
