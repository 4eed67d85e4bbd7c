/** The faults of the lab, as an administrator sets them. */
import { nearest } from '../../config/nearest.js'
import { nameKey } from '../../directory/account-name.js'
import { allAddresses } from '../../directory/addresses.js'
import type { Effect } from '../../lab/faults/effect.js'
import { mostFaults, parseFault, parseFaultName, type Fault } from '../../lab/faults/fault.js'
import { readInstalled, type NamedFault } from '../../lab/faults/installed.js'
import type { Known, Match } from '../../lab/faults/match.js'
import { isUsedUp, type When } from '../../lab/faults/when.js'
import { LabInputError } from '../../lab/input-error.js'
import { shown } from '../../lab/json-object.js'
import type { LabState } from '../../lab/state.js'
import { problem } from '../problem.js'
import type { LabOffice } from './ask-server.js'
import { changeLab, type ToldServer } from './change-lab.js'
import { seedOfFault } from './random-seed.js'

export interface FaultOffice extends LabOffice {
  /** What its servers serve, and its balancers' listeners. */
  readonly served: Omit<Known, 'clusters' | 'nodes'>
}

/** As it is set, and as it can be put again. */
export interface FaultReading extends Omit<Fault, 'seed'> {
  readonly name: string
  readonly seed: number
  /** Requests that it matched so far, at all servers. */
  readonly matched: number
  /** It has struck as often as it was to, and does nothing any more. */
  readonly usedUp?: true
}

/** A match member is a text, or a list of which one fits. */
type MatchWanted = { readonly [Member in keyof Match]?: string | readonly string[] }

/** What can be put: a fault of one's own, or a ready one by its name. */
export type FaultWanted =
  | {
      readonly match?: MatchWanted
      readonly effect: Effect
      readonly when?: When
      readonly seed?: number
    }
  | { readonly ready: string; readonly match?: MatchWanted; readonly when?: When; readonly seed?: number }

export type FaultChange = FaultReading & { readonly nodes: readonly ToldServer[] }

export interface FaultRemoval {
  readonly name: string
  /** Requests that it matched in its life. */
  readonly matched: number
  /** Of a fault that never matched any. */
  readonly note?: string
  readonly nodes: readonly ToldServer[]
}

/** @throws DatabaseAway */
export async function listFaults(office: FaultOffice): Promise<readonly FaultReading[]> {
  const faults = readInstalled((await office.store.lab.read()).faults)
  return Promise.all(faults.map((fault) => readingOf(office, fault)))
}

/** @throws Problem 404, DatabaseAway */
export async function findFault(office: FaultOffice, name: string): Promise<FaultReading> {
  return readingOf(office, requireFault(await office.store.lab.read(), name))
}

/**
 * Sets a fault, in place of one of that name, whose count ends.
 * @param wanted `{ match, effect, when, seed }`, or a ready one: `{ ready, match, when, seed }`
 * @throws LabInputError, NotEverywhere, DatabaseAway
 */
export async function putFault(office: FaultOffice, name: string, wanted: unknown): Promise<FaultChange> {
  const { store, random } = office
  const parsed = parseFault(wanted, await knownIn(office))
  for (const user of parsed.match.user ?? []) await requireUser(store.directory, user)
  const kept = parseFaultName(name)
  const seed = parsed.seed ?? (await seedOfFault(store.randomSeed, kept, random))
  let replaced: readonly NamedFault[] = []
  const { state, nodes } = await changeLab(office, (before) => {
    replaced = readInstalled(before.faults).filter((fault) => fault.name === kept)
    if (replaced.length === 0 && Object.keys(before.faults).length >= mostFaults)
      throw new LabInputError(`There are ${mostFaults} faults, and no more are kept: remove some first`)
    const fault = { ...parsed, seed, since: before.version + 1 }
    return { ...before, faults: { ...before.faults, [kept]: fault } }
  })
  await store.faultCounts.forget(replaced)
  return { ...(await readingOf(office, requireFault(state, kept))), nodes }
}

/** @throws Problem 404, NotEverywhere, DatabaseAway */
export async function removeFault(office: FaultOffice, name: string): Promise<FaultRemoval> {
  const { faultCounts } = office.store
  let removed: NamedFault | undefined
  const { nodes } = await changeLab(office, (before) => {
    removed = requireFault(before, name)
    const { [name]: _removed, ...faults } = before.faults
    return { ...before, faults }
  })
  const gone = removed === undefined ? [] : [removed]
  const matched = removed === undefined ? 0 : await faultCounts.matched(removed)
  await faultCounts.forget(gone)
  return { name, matched, ...(matched === 0 ? { note: neverMatched(name) } : {}), nodes }
}

function neverMatched(name: string): string {
  return `No request was ever matched by the fault "${name}": look at its match, and whether the requests came to this installation at all`
}

function requireFault({ faults }: LabState, name: string): NamedFault {
  const installed = readInstalled(faults)
  const found = installed.find((fault) => fault.name === name)
  if (found !== undefined) return found
  const names = installed.map((fault) => fault.name)
  const meant = nearest(name, names)
  const hint =
    meant === undefined
      ? names.length === 0
        ? 'none is set'
        : `there is ${names.join(', ')}`
      : `did you mean ${meant}?`
  return problem(404, `There is no fault ${shown(name)}: ${hint}`)
}

async function readingOf({ store }: FaultOffice, fault: NamedFault): Promise<FaultReading> {
  const { name, match, effect, when, seed, ready } = fault
  const matched = await store.faultCounts.matched(fault)
  const usedUp = isUsedUp(when, matched) ? ({ usedUp: true } as const) : {}
  return { name, ...(ready === undefined ? {} : { ready }), match, effect, when, seed, matched, ...usedUp }
}

async function knownIn({ store, served }: FaultOffice): Promise<Known> {
  const [clusters, members] = await Promise.all([store.clusters.list(), store.members.list()])
  return { ...served, clusters: clusters.map(({ name }) => name), nodes: members.map(({ nodeId }) => nodeId) }
}

/** Enough to find who was meant. */
const mostCompared = 1000

/** @throws LabInputError for a name that is nobody's */
async function requireUser(directory: FaultOffice['store']['directory'], name: string): Promise<void> {
  if ((await directory.accountByName(name)) !== undefined || (await directory.accountByMail(name)) !== undefined) return
  const accounts = await directory.listAccounts({ limit: mostCompared })
  const names = accounts.flatMap((account) => [...allAddresses(account), account.name, shortName(account.name)])
  const meant = nearest(nameKey(name), names)
  const hint =
    meant === undefined
      ? 'GET /directory/accounts of the management API lists who there is'
      : `did you mean "${meant}"?`
  throw new LabInputError(`There is no account ${shown(name)} in the directory: ${hint}`)
}

function shortName(name: string): string {
  return name.slice(name.indexOf('\\') + 1)
}
