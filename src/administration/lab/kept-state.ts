/** A state of the installation as it is kept in a snapshot: its rows, and the servers that it had. */
import { documentOf, InvalidState, readDocument } from '../../cluster/state-document.js'
import { stateHash } from '../../cluster/state-hash.js'
import { schemaVersion } from '../../cluster/store/schema.js'
import type { Snapshot } from '../../cluster/store/snapshot-store.js'
import type { StateRows } from '../../cluster/store/state-rows.js'
import { problem } from '../problem.js'
import type { ServersByCluster } from './arrangement.js'
import type { LabOffice } from './ask-server.js'

export interface KeptState {
  readonly state: StateRows
  /** Undefined: it was taken where others start the servers. */
  readonly servers: ServersByCluster | undefined
}

/** Characters of one: it is written and read as one text. */
export const largestSnapshot = 32 * 1024 * 1024

/** @throws Problem 409 when it is too large */
export async function snapshotOf(
  { keyPassword, clock }: LabOffice,
  name: string,
  { state, servers }: KeptState,
): Promise<Snapshot> {
  const content = JSON.stringify({ state: documentOf(state), servers: servers ?? null })
  if (content.length > largestSnapshot)
    problem(409, `The state of the installation has ${content.length} characters: at most ${largestSnapshot} are kept`)
  const hash = await stateHash(state, keyPassword)
  const about = { name, schema: schemaVersion, taken: clock.now().toISOString(), hash, size: content.length }
  return { about, content }
}

/**
 * @param what it is, for people
 * @throws Problem 409 when another program took it, or it is damaged
 */
export function keptStateOf({ about, content }: Snapshot, what: string): KeptState {
  if (about.schema !== schemaVersion)
    problem(
      409,
      `${what} was taken by a program with schema version ${about.schema}, and this one has ${schemaVersion}: nothing was changed`,
    )
  try {
    return readKeptState(content)
  } catch (error) {
    const why = error instanceof InvalidState ? error.message : 'is no JSON'
    return problem(409, `${what} is damaged, its state ${why}: nothing was changed`)
  }
}

/** @throws InvalidState, SyntaxError */
export function readKeptState(content: string): KeptState {
  const { state, servers } = JSON.parse(content) as { readonly state: unknown; readonly servers: unknown }
  const kept = { state: readDocument(state), servers: readServers(servers) }
  requireServersOf(kept)
  return kept
}

/** Without a server of the root nothing could be served, nor be set right by a client. */
function requireServersOf({ state: { clusters }, servers }: KeptState): void {
  if (servers === undefined) return
  const stranger = Object.keys(servers).find((name) => !clusters.some((cluster) => cluster.name === name))
  if (stranger !== undefined) throw new InvalidState(`has servers of a cluster "${stranger}" that is not in it`)
  const root = clusters.find(({ kind }) => kind === 'root')?.name ?? ''
  if ((servers[root]?.servers ?? []).length === 0) throw new InvalidState(`has no server of the root cluster "${root}"`)
}

const mostServers = 64
const serverNumber = /^[1-9]\d{0,5}$/

function readServers(value: unknown): ServersByCluster | undefined {
  if (value === null) return undefined
  const isRight =
    typeof value === 'object' &&
    Object.entries(value ?? {}).every(([cluster, given]: readonly [string, unknown]) => {
      const { servers, port } = (given ?? {}) as { readonly servers?: unknown; readonly port?: unknown }
      return Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536 && areIdsOf(cluster, servers)
    })
  if (!isRight) throw new InvalidState('has servers that cannot be')
  return value as ServersByCluster
}

/** `legal-1`, `legal-3` */
function areIdsOf(cluster: string, ids: unknown): boolean {
  return (
    Array.isArray(ids) &&
    ids.length <= mostServers &&
    new Set(ids).size === ids.length &&
    ids.every(
      (id: unknown) =>
        typeof id === 'string' && id.startsWith(`${cluster}-`) && serverNumber.test(id.slice(cluster.length + 1)),
    )
  )
}
