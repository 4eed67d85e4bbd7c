/** The faults of an installation as a seed file has them. */
import type { DirectoryStore } from '../../cluster/store/directory-store.js'
import { parseFault } from '../../lab/faults/fault.js'
import { readInstalled, type NamedFault } from '../../lab/faults/installed.js'
import { LabInputError } from '../../lab/input-error.js'
import type { LabState } from '../../lab/state.js'
import type { FaultWanted } from '../lab/faults.js'
import { findAccount } from '../directory-names.js'
import { serversNamed, type SeedSurroundings } from './references.js'

interface Around {
  readonly directory: DirectoryStore
  readonly served: SeedSurroundings['served']
  readonly clusters: SeedSurroundings['clusters']
}

/** @param leftOut receives those that could not be put into a new installation: of a server that is called otherwise there, of somebody who is gone */
export async function exportFaults(
  { faults }: LabState,
  { directory, served, clusters }: Around,
  leftOut: string[],
): Promise<Readonly<Record<string, FaultWanted>>> {
  const known = { ...served, clusters: clusters.map(({ name }) => name), nodes: serversNamed(clusters) }
  const exported: (readonly [string, FaultWanted])[] = []
  for (const fault of readInstalled(faults)) {
    const wanted = wantedOf(fault)
    try {
      await requireAccounts(directory, parseFault(wanted, known).match.user ?? [])
      exported.push([fault.name, wanted])
    } catch (error) {
      if (!(error instanceof LabInputError)) throw error
      leftOut.push(`fault ${fault.name}: ${error.message}`)
    }
  }
  return Object.fromEntries(exported)
}

/** @throws LabInputError for one that is gone */
async function requireAccounts(directory: DirectoryStore, users: readonly string[]): Promise<void> {
  for (const user of users)
    if ((await findAccount(directory, user)) === undefined) throw new LabInputError(`There is no account "${user}"`)
}

function wantedOf({ match, effect, when, seed, ready }: NamedFault): FaultWanted {
  return {
    ...(ready === undefined ? {} : { ready }),
    ...(Object.keys(match).length === 0 ? {} : { match }),
    effect,
    ...(Object.keys(when).length === 0 ? {} : { when }),
    seed,
  }
}
