/** Changes what is set in the lab: in the database first, then at every server at once. When it returns, they have it. */
import { livingMembers } from '../../cluster/living-members.js'
import type { Member } from '../../cluster/store/member-store.js'
import { answerWithin, pause } from '../../effects.js'
import { stateText, type LabState } from '../../lab/state.js'
import { Problem } from '../problem.js'
import { askServer, type LabOffice, type ServerCall } from './ask-server.js'

/** A server, and what it has of the lab. */
export interface ToldServer {
  readonly node: string
  readonly cluster: string
  /** Of the state that it has; null when it did not say. */
  readonly version: number | null
  readonly reached: boolean
  /** Why it was not reached, for people. */
  readonly why?: string
}

export interface LabChange {
  readonly state: LabState
  readonly nodes: readonly ToldServer[]
}

/** The change is made, but these servers do not have it yet: they read it when they refresh, or start. */
export class NotEverywhere extends Problem {
  readonly nodes: readonly ToldServer[]
  /** @param done what is done all the same, for people */
  constructor(nodes: readonly ToldServer[], done: string) {
    const missing = nodes.filter(({ reached }) => !reached)
    const others = nodes.length === missing.length ? '' : ' All others have it.'
    const list = missing.map(({ node, why }) => `${node} (${why ?? 'no answer'})`).join(', ')
    super(
      504,
      `${done}, but not everywhere yet: ${list} ${missing.length === 1 ? 'was' : 'were'} not reached.${others}`,
    )
    this.nodes = nodes
  }
}

/** Milliseconds for servers to say that they have it. */
const longestTelling = 2000
const betweenTries = 50

/**
 * @param change from what is set to what is to be set; asked again when somebody else changed it meanwhile
 * @throws NotEverywhere when a living server did not say in time that it has it: the others have; LabInputError, DatabaseAway: nothing is changed
 */
export async function changeLab(
  office: LabOffice,
  change: (state: LabState) => LabState | Promise<LabState>,
): Promise<LabChange> {
  const state = await office.turns.together(() => saveChange(office, change))
  return { state, nodes: await tellAll(office, '/lab/state', state) }
}

/**
 * The change in the database alone. To be called in a turn.
 * @throws LabInputError, DatabaseAway: nothing is changed
 */
export async function saveChange(
  { store }: LabOffice,
  change: (state: LabState) => LabState | Promise<LabState>,
): Promise<LabState> {
  for (;;) {
    const before = await store.lab.read()
    const state = await store.lab.save({ ...(await change(before)), version: before.version })
    if (state !== undefined) return state
  }
}

/**
 * Tells every living server, and waits until it says that it has this state of the lab, or a later one.
 * @param target a route of servers that takes it
 * @throws NotEverywhere when one did not say so in time: the others have
 */
export async function tellAll(
  office: LabOffice,
  target: '/lab/state' | '/lab/begin-anew',
  state: LabState,
): Promise<readonly ToldServer[]> {
  const { version } = state
  const call = { method: 'POST', target, body: `{"version":${version},"state":${stateText(state)}}` } as const
  const { clusters, members } = office.store
  const all = await members.list()
  const signal = office.patience?.() ?? answerWithin(longestTelling)
  const told = (await clusters.list()).flatMap(({ name, keySalt, configuration }) => {
    const own = all.filter(({ cluster }) => cluster === name)
    return livingMembers(own, configuration.configurationRefreshIntervalSeconds).map((member) =>
      tell(office, member, { keySalt, call, version, signal }),
    )
  })
  const nodes = (await Promise.all(told))
    .filter((one) => one !== undefined)
    .toSorted((one, other) => (one.node < other.node ? -1 : 1))
  if (nodes.every(({ reached }) => reached)) return nodes
  throw new NotEverywhere(nodes, target === '/lab/begin-anew' ? 'The state is back' : 'It is set')
}

interface Telling {
  readonly keySalt: string
  readonly call: ServerCall
  readonly version: number
  readonly signal: AbortSignal
}

/**
 * One that is not there is looked for again: it may just be started anew, at another address.
 * @returns undefined when it has left meanwhile
 */
async function tell(office: LabOffice, known: Member, telling: Telling): Promise<ToldServer | undefined> {
  const { nodeId: node, cluster } = known
  let member: Member | undefined = known
  for (;;) {
    const outcome = await tellOnce(office, member, telling)
    if ('version' in outcome) return { node, cluster, reached: true, version: outcome.version }
    if (outcome.isFinal || telling.signal.aborted)
      return { node, cluster, reached: false, version: null, why: outcome.why }
    await pause(office.timers, betweenTries, telling.signal)
    member = (await office.store.members.list(cluster).catch(() => [known])).find(({ nodeId }) => nodeId === node)
    if (member === undefined) return undefined
  }
}

type Outcome = { readonly version: number } | { readonly why: string; readonly isFinal: boolean }

async function tellOnce(
  office: LabOffice,
  member: Member,
  { keySalt, call, version, signal }: Telling,
): Promise<Outcome> {
  try {
    const answer = await askServer(office, member, { keySalt, call, signal })
    const said = (await answer.json().catch(() => ({}))) as { readonly version?: number; readonly why?: string }
    if (answer.status === 404) return { why: 'it was started with --no-lab', isFinal: true }
    if (answer.status !== 200)
      return { why: said.why ?? `it answers HTTP ${answer.status}`, isFinal: answer.status < 500 }
    return (said.version ?? 0) >= version
      ? { version: said.version ?? 0 }
      : { why: `it has version ${said.version}`, isFinal: true }
  } catch (error) {
    if (signal.aborted) return { why: `it did not answer within ${longestTelling / 1000} s`, isFinal: true }
    const cause = (error as { readonly cause?: { readonly code?: string } }).cause?.code
    return { why: `nobody answers at ${member.url}${cause === undefined ? '' : ` (${cause})`}`, isFinal: false }
  }
}
