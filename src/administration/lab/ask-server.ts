/** Calls to the servers themselves that concern the lab: they believe who has the key of their cluster. */
import { trustingFetch, type Fetch } from '../../client/trusting-fetch.js'
import { proofHeader, proveCall } from '../../cluster/proven-call.js'
import type { ClusterStore } from '../../cluster/store/cluster-store.js'
import type { DirectoryStore } from '../../cluster/store/directory-store.js'
import type { FaultCounts } from '../../cluster/store/fault-counts.js'
import type { ForestStore } from '../../cluster/store/forest-store.js'
import type { KeptDocumentStore } from '../../cluster/store/kept-document-store.js'
import type { LabStore } from '../../cluster/store/lab-store.js'
import type { Member, MemberStore } from '../../cluster/store/member-store.js'
import type { RandomSeedStore } from '../../cluster/store/random-seed-store.js'
import type { SnapshotStore } from '../../cluster/store/snapshot-store.js'
import type { StateStore } from '../../cluster/store/state-rows.js'
import { clusterKeyOf } from '../../crypto/at-rest.js'
import type { Clock, Random, Timers } from '../../effects.js'
import type { Arrangement } from './arrangement.js'
import { takeTurns, type Turns } from './turns.js'

/** What the lab of an installation is managed with. */
export interface LabOffice {
  readonly store: {
    readonly lab: LabStore
    readonly keptDocuments: KeptDocumentStore
    readonly members: Pick<MemberStore, 'list'>
    readonly clusters: Pick<ClusterStore, 'list'>
    readonly directory: Pick<DirectoryStore, 'accountByName' | 'accountByMail' | 'listAccounts'>
    readonly faultCounts: FaultCounts
    readonly randomSeed: RandomSeedStore
    readonly forest: Pick<ForestStore, 'read'>
    readonly state: StateStore
    readonly snapshots: SnapshotStore
  }
  /** The servers, where they come and go with a state that is returned to; undefined where others start and stop them. */
  readonly arrangement?: Arrangement | undefined
  /** Of all who change the lab by way of this process. */
  readonly turns: Turns
  readonly keyPassword: string
  readonly fetchFrom: Fetch
  /** Aborted when servers have had time enough to say that they have a change; after two seconds when left out. */
  readonly patience?: () => AbortSignal
  /** Of this machine. */
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
}

/** @param ca certificates in PEM that https servers lead to */
export function labOffice({
  ca,
  ...parts
}: Omit<LabOffice, 'fetchFrom' | 'turns'> & { readonly ca: string | undefined }): LabOffice {
  return { ...parts, fetchFrom: trustingFetch(ca), turns: takeTurns() }
}

export interface ServerCall {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Path and query. */
  readonly target: string
  /** JSON. */
  readonly body?: string
}

/**
 * @param keySalt of its cluster
 * @throws the error of fetch, when it does not answer before the signal
 */
export async function askServer(
  { keyPassword, fetchFrom, clock, random }: LabOffice,
  { nodeId, url }: Pick<Member, 'nodeId' | 'url'>,
  { keySalt, call, signal }: { readonly keySalt: string; readonly call: ServerCall; readonly signal: AbortSignal },
): Promise<Response> {
  const { method, target, body } = call
  const key = await clusterKeyOf(keyPassword, Buffer.from(keySalt, 'base64'))
  const proof = proveCall(key, { method, target, nodeId, body: body ?? '' }, { clock, random })
  return fetchFrom(`${url}${target}`, {
    method,
    headers: { [proofHeader]: proof, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body }),
    signal,
  })
}
