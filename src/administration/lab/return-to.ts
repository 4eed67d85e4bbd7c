/** Puts a state that was kept in the place of the present one: in the database, at the servers, and the servers themselves. */
import { movedTo, placesOf, type Places } from '../../cluster/state-places.js'
import { openState, sealState } from '../../cluster/state-secrets.js'
import type { PresentState, StateRows } from '../../cluster/store/state-rows.js'
import { noLab } from '../../lab/state.js'
import type { SuspendedLab } from '../../lab/suspended.js'
import { problem } from '../problem.js'
import type { ServersByCluster, WantedCluster } from './arrangement.js'
import type { LabOffice } from './ask-server.js'
import { NotEverywhere, saveChange, tellAll, type ToldServer } from './change-lab.js'
import type { KeptState } from './kept-state.js'

export interface Returned {
  /** Of the state of the lab: it goes on. */
  readonly version: number
  /** Every living server, which has the state. */
  readonly nodes: readonly ToldServer[]
}

/**
 * When it resolves, every living server has the state: configuration, directory, templates, lab. Addresses stay, and so do open connections. What was
 * kept of exchanges in the journal is gone; the request log stays, and so do documents that are kept for good.
 * @throws Problem 409 and NotEverywhere, DatabaseAway
 */
export async function returnTo(office: LabOffice, kept: KeptState): Promise<Returned> {
  return office.turns.alone(() => putBack(office, kept))
}

async function putBack(office: LabOffice, { state, servers }: KeptState): Promise<Returned> {
  const { arrangement, store } = office
  await requireSameForest(store, state)
  const tell = (): Promise<readonly ToldServer[]> => tellAll(office, '/lab/begin-anew', lab)
  let lab = noLab
  const write = async (places?: Places): Promise<void> => {
    let wereControlled = false
    lab = await office.store.state.replace((present) => {
      wereControlled = isControlled(present.lab)
      return fitted(office, { wanted: state, present, places })
    })
    // Who stands still, or is not seen, is not ready: that has to end before servers are waited for. It is written: whoever was not told is told later.
    if (arrangement !== undefined && wereControlled) await tell().catch(() => undefined)
  }
  if (arrangement === undefined) await write()
  else await arrangement.arrange(wantedClusters(state, servers), write)
  if (!isControlled(state.lab)) return { version: lab.version, nodes: await tell() }
  const missed = await unlessGone(tell())
  const controls = { servers: state.lab.servers, installation: state.lab.installation }
  const later = await saveChange(office, (before) => {
    if (before.version !== lab.version) refuseControls()
    return { ...before, ...controls }
  })
  const nodes = await tellAll(office, '/lab/state', later)
  if (missed !== undefined) throw missed
  return { version: later.version, nodes }
}

/** By way of another process: it may have put another state in the place of this one. */
function refuseControls(): never {
  return problem(
    409,
    'The state is back, but not what is set in it for servers, as somebody else changed the lab meanwhile: do the same again',
  )
}

/** Names and SIDs of everybody follow from it. */
async function requireSameForest({ forest }: LabOffice['store'], { tables }: StateRows): Promise<void> {
  const { dnsName: here } = await forest.read()
  const there = tables.forest[0]?.dns_name
  if (there !== here)
    problem(
      409,
      `The state is of the forest ${there}, and this installation is ${here}: start one with --forest ${there} for it. Nothing was changed`,
    )
}

/** Whether servers are kept from something: from reading a state, for example. */
function isControlled({ servers, installation }: SuspendedLab): boolean {
  return Object.keys(servers).length + Object.keys(installation).length > 0
}

/** @returns the error where somebody was not reached */
async function unlessGone(telling: Promise<unknown>): Promise<NotEverywhere | undefined> {
  try {
    await telling
    return undefined
  } catch (error) {
    if (error instanceof NotEverywhere) return error
    throw error
  }
}

/** In the order in which they were shown. */
function wantedClusters({ clusters }: StateRows, servers: ServersByCluster = {}): readonly WantedCluster[] {
  const order = Object.keys(servers)
  return clusters
    .map(({ name, kind, configuration: { extranetListener } }): WantedCluster => ({
      name,
      kind: kind === 'root' ? 'root' : 'licensing',
      ...servers[name],
      extranetListener,
    }))
    .toSorted((one, other) => order.indexOf(one.name) - order.indexOf(other.name))
}

interface Fitting {
  readonly wanted: StateRows
  readonly present: PresentState
  /** Undefined: the clusters are those that are there, where they are. */
  readonly places: Places | undefined
}

/** At its places, under the keys that the servers have, and with nothing in it that keeps servers from reading it. */
async function fitted(office: LabOffice, { wanted, present, places }: Fitting): Promise<StateRows> {
  requireKinds(wanted, present)
  if (places === undefined) requireClusters(wanted, present)
  const lab = { ...wanted.lab, servers: {}, installation: {} }
  const moved = { ...movedTo(wanted, places ?? placesOf(present)), lab }
  const salts = new Map(moved.clusters.map(({ name, key_salt: salt }) => [name, salt]))
  const strange = present.clusters.filter(({ name, key_salt: salt }) => (salts.get(name) ?? salt) !== salt)
  if (strange.length === 0) return moved
  for (const { name, key_salt: salt } of strange) salts.set(name, salt)
  const { keyPassword, random } = office
  return sealState(await openState(moved, keyPassword), keyPassword, { salts, random })
}

/** A server is of a root or of a licensing-only cluster for as long as it runs, and the key of access tokens is sealed under that of the root. */
function requireKinds(wanted: StateRows, present: PresentState): void {
  const [there, here] = [wanted, present].map(({ clusters }) => clusters.find(({ kind }) => kind === 'root')?.name)
  if (there !== here)
    problem(409, `The root cluster is called "${here}" here, and "${there}" there: nothing was changed`)
  for (const { name, kind } of wanted.clusters) {
    const now = present.clusters.find((cluster) => cluster.name === name)
    if (now !== undefined && now.kind !== kind)
      problem(
        409,
        `The cluster "${name}" is a ${now.kind} cluster here, and a ${kind} cluster there: nothing was changed`,
      )
  }
}

function requireClusters(wanted: StateRows, present: PresentState): void {
  const [there, here] = [wanted, present].map(({ clusters }) => clusters.map(({ name }) => name))
  if (JSON.stringify(there) === JSON.stringify(here)) return
  problem(
    409,
    `The state has the clusters ${there?.join(', ')}, and here are ${here?.join(', ')}: their servers are not started and stopped by this installation. Nothing was changed`,
  )
}
