/** The seed file of an installation that is being started: read and judged before anything is made. */
import { readFileSync, statSync } from 'node:fs'
import { labOffice, type LabOffice } from '../administration/lab/ask-server.js'
import type { ClockWanted } from '../administration/lab/clock.js'
import { beginSeed, endSeed, requireNoneBegun, seedCluster } from '../administration/seed-file/apply.js'
import { parseSeed, type Seed, type SeedSource } from '../administration/seed-file/parse.js'
import { kindOf } from '../administration/seed-file/references.js'
import { largestSeedFile, rootName, type SeedCluster, type SeedFile } from '../administration/seed-file/seed-file.js'
import { SeedFileError } from '../administration/seed-file/seed-file-error.js'
import { forestClock } from '../cluster/forest-clock.js'
import { foundForest } from '../cluster/found-forest.js'
import { loadServerState } from '../cluster/server-state.js'
import type { Store } from '../cluster/store/open.js'
import { OptionRefused } from '../config/given-options.js'
import { seedText } from '../config/seed-text.js'
import { systemEffects } from '../effects.js'
import { endpointPaths } from '../node/roles.js'
import { servedNames } from '../node/served.js'
import { defaultNodeOptions, type NodeSeeding } from '../node/start.js'
import type { InstallationOptions } from './installation-options.js'
import { beginSeedAndClock, judgedClock } from './seed-and-clock.js'

export interface Seeding extends NodeSeeding {
  /** When servers serve. @param lab of the installation, where its servers are not asked at their addresses */
  end(store: Store, trusted: string | undefined, lab?: LabOffice): Promise<void>
}

export interface Seeded {
  /** With the clusters that the file has. */
  readonly options: InstallationOptions
  readonly seeding: Seeding
}

/**
 * @param clusters those that the installation has where the file says nothing of them
 * @throws SeedFileError, OptionRefused for what options and file say differently
 */
export function seeded(
  options: InstallationOptions,
  clusters: readonly { readonly name: string; readonly nodes: number }[],
): Seeded {
  const { seedFile } = options
  if (seedFile === undefined) return { options, seeding: withChance(options, undefined, withoutFile(options.forest)) }
  const seed = readSeed(options, seedFile, clusters)
  refuseWithoutLab(options, seed)
  const { dnsName: forest } = seed.directory.forest
  refuseOtherForest(options, seed)
  return {
    options: withClusters({ ...options, forest }, seed),
    seeding: withChance(options, seed, seedingOf(options, seed)),
  }
}

/**
 * @param clusters those that the installation has where the file says nothing of them
 * @throws SeedFileError, OptionRefused
 */
export function readSeed(
  { forest }: Pick<InstallationOptions, 'forest'>,
  seedFile: string | SeedFile,
  clusters: readonly { readonly name: string; readonly nodes: number }[],
): Seed {
  return parseSeed(sourceOf(seedFile), {
    served: servedNames(),
    endpoints: endpointPaths,
    forest,
    clusters: clusters.map(({ name, nodes }) => ({ name, servers: nodes })),
  })
}

/**
 * Seed and clock of the installation, whichever of options and file says them.
 * @throws OptionRefused
 */
function withChance(options: InstallationOptions, file: Seed | undefined, seeding: Seeding): Seeding {
  const seed = seedOf(options, file)
  const clock = clockOf(options, file)
  if (options.lab === false) {
    const control = seed !== undefined ? 'a seed' : clock !== undefined ? 'a clock' : undefined
    if (control !== undefined)
      throw new OptionRefused(
        `${control} is given, and the installation is started without the controls of a lab: leave out one of them, --no-lab (lab: false) or ${control.replace('a ', 'the ')}`,
      )
    return seeding
  }
  const { keyPassword = defaultNodeOptions.keyPassword } = options
  return {
    ...seeding,
    begin: async (store) => {
      await seeding.begin(store)
      await beginSeedAndClock(store, { seed, clock }, keyPassword)
    },
  }
}

function seedOf({ seed }: InstallationOptions, file: Seed | undefined): string | undefined {
  const [given, inFile] = [seed, file?.file.seed].map((one) => (one === undefined ? undefined : seedText(one)))
  if (given !== undefined && inFile !== undefined && given !== inFile)
    throw new OptionRefused(
      `${file?.name} says that the seed is ${inFile}, and --seed (the option seed) says ${given}: leave one of them out`,
    )
  return given ?? inFile
}

function clockOf({ clock }: InstallationOptions, file: Seed | undefined): ClockWanted | undefined {
  if (clock === undefined) return undefined
  if (file?.file.clock !== undefined)
    throw new OptionRefused(
      `${file.name} sets the clock, and so does --clock (the option clock): leave one of them out`,
    )
  return judgedClock(clock)
}
function withoutFile(forest: string | undefined): Seeding {
  return {
    begin: async (store) => {
      await requireNoneBegun(store)
      await foundForest(store, forest)
    },
    cluster: async () => undefined,
    end: async () => undefined,
  }
}

function refuseOtherForest({ forest }: InstallationOptions, { name, file }: Seed): void {
  if (forest === undefined || file.forest === undefined || file.forest.toLowerCase() === forest.toLowerCase()) return
  throw new OptionRefused(
    `${name} says that the forest is ${file.forest}, and --forest (the option forest) says ${forest}: leave one of them out`,
  )
}

function sourceOf(seedFile: string | SeedFile): SeedSource {
  if (typeof seedFile !== 'string') return { object: plainCopy(seedFile) }
  const refuse = (message: string): never => {
    throw new SeedFileError(seedFile, [{ path: [], message }])
  }
  try {
    // In UTF-8, a character has at most three bytes of each of those that are counted.
    if (statSync(seedFile).size > 3 * largestSeedFile) refuse(`a seed file has at most ${largestSeedFile} characters`)
    return { name: seedFile, text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(seedFile)) }
  } catch (error) {
    if (error instanceof SeedFileError) throw error
    if (error instanceof TypeError) return refuse('it is no text in UTF-8: save it as UTF-8')
    return refuse(`it cannot be read: ${(error as Error).message}`)
  }
}

/** What JSON can say of it. */
function plainCopy(value: SeedFile): unknown {
  try {
    return JSON.parse(JSON.stringify(value)) as unknown
  } catch (error) {
    throw new OptionRefused(`The option seedFile of startInstallation is no plain data: ${(error as Error).message}`)
  }
}

function refuseWithoutLab({ lab }: InstallationOptions, { name, file }: Seed): void {
  const control = file.clock !== undefined ? 'a clock' : file.faults !== undefined ? 'faults' : undefined
  if (lab === false && control !== undefined)
    throw new OptionRefused(
      `${name} sets ${control}, and the installation is started without the controls of a lab: leave out lab: false (--no-lab), or what the file says of it`,
    )
}

/** The file says how many servers there are, or the options do. */
function withClusters(options: InstallationOptions, { name: file, file: { clusters } }: Seed): InstallationOptions {
  if (clusters === undefined) return options
  const clash = (flag: string): never => {
    throw new OptionRefused(
      `${file} says which clusters there are, and so does ${flag}: leave one of them out (clusters of the file, or the setting)`,
    )
  }
  if (options.root !== undefined) clash('--root (the option root)')
  if (options.licensing !== undefined) clash('--licensing or --no-licensing (the option licensing)')
  const root = clusters.find(({ name }) => name === rootName)
  const { mode } = root ?? {}
  if (mode !== undefined && options.mode !== undefined && mode !== options.mode)
    throw new OptionRefused(
      `${file} says that the root cluster is of mode ${mode}, and --crypto-mode (the option mode) says ${options.mode}: leave one of them out`,
    )
  const withMode = { ...options, mode: mode ?? options.mode }
  if (options.processes !== true) return inProcess(withMode, file, clusters, root)
  const urls = clusters.flatMap(({ name, url }) => (url === undefined ? [] : [{ name, url }]))
  const twice = urls.find(({ name }) => options.clusterUrls?.some((other) => other.name === name))
  if (twice !== undefined)
    throw new OptionRefused(`${file} says the URL of ${twice.name}, and so does --cluster-url: leave one of them out`)
  return {
    ...withMode,
    root: root?.servers ?? 1,
    licensing: clusters
      .filter((cluster) => kindOf(cluster) === 'licensing')
      .map(({ name, servers = 1 }) => ({ name, nodes: servers })),
    clusterUrls: [...(options.clusterUrls ?? []), ...urls],
  }
}

function inProcess(
  options: InstallationOptions,
  file: string,
  clusters: readonly SeedCluster[],
  root: SeedCluster | undefined,
): InstallationOptions {
  if (clusters.length > 1)
    throw new OptionRefused(
      `${file} has the clusters ${clusters.map(({ name }) => name).join(', ')}: that needs processes: true. Without it the installation is a root cluster in this process`,
    )
  if (root?.url !== undefined && options.publicUrl !== undefined)
    throw new OptionRefused(`${file} says the URL of the root, and so does the option publicUrl: leave one of them out`)
  return { ...options, root: root?.servers ?? 1, publicUrl: root?.url ?? options.publicUrl }
}

function seedingOf(options: InstallationOptions, seed: Seed): Seeding {
  const keyPassword = options.keyPassword ?? defaultNodeOptions.keyPassword
  let isNew = false
  const officeOf = (store: Store) => ({
    store,
    openCluster: (name: string) => loadServerState(store, name, keyPassword, 'openssl'),
    forestClock: () => forestClock(store.lab, systemEffects.clock),
    endpoints: endpointPaths,
    random: systemEffects.random,
  })
  const labOf = (store: Store, ca: string | undefined): LabOffice =>
    labOffice({ store, keyPassword, ca, ...systemEffects })
  return {
    begin: async (store) => {
      await foundForest(store, seed.directory.forest.dnsName)
      isNew = await beginSeed({ store, lab: labOf(store, undefined) }, seed)
    },
    cluster: async (store, name) => {
      if (isNew) await seedCluster(officeOf(store), seed, name)
    },
    end: async (store, trusted, lab = labOf(store, trusted)) => {
      if (isNew) await endSeed({ ...officeOf(store), lab, served: servedNames() }, seed)
    },
  }
}
