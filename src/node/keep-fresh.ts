/** A node looks for what was changed in the database, and tells the member list that it lives. */
import { refreshServerState } from '../cluster/server-state.js'
import type { Member } from '../cluster/store/member-store.js'
import type { Timer } from '../effects.js'
import { LabInputError } from '../lab/input-error.js'
import { activeControls } from '../lab/state.js'
import type { NodeContext } from './context.js'

/** Milliseconds, at least, after which a member of the cluster is taken for dead. */
const shortestSilence = 60_000

/**
 * Looks for a changed configuration again and again, as often as the configuration of the moment says, and tells the member list that the node lives.
 * @returns ends it
 */
export function keepFresh(context: NodeContext, member: Member): () => Promise<void> {
  let timer: Timer | undefined
  let looking: Promise<void> | undefined
  let ended = false
  let trouble: string | undefined
  const look = async (): Promise<void> => {
    trouble = await refreshState(context, member, trouble)
    if (!ended) arm()
  }
  const arm = (): void => {
    const start = (): void => void (looking = look())
    timer = context.timers.after(context.state().configuration.configurationRefreshIntervalSeconds * 1000, start)
    timer.unref()
  }
  arm()
  return async () => {
    ended = true
    timer?.stop()
    // It must not join after we have left.
    await looking
  }
}

/** Reads what is set in the lab of the installation, where this node takes part in it. */
export async function refreshLab({ store, lab, followsLab, log }: NodeContext): Promise<void> {
  if (!followsLab || (await store.lab.version()) === lab.state().version) return
  try {
    const version = lab.set(await store.lab.read())
    log.info({ labVersion: version, active: activeControls(lab.state()) }, 'the state of the lab has been read')
  } catch (error) {
    if (!(error instanceof LabInputError)) throw error
    const text =
      'what is set in the lab cannot be read, perhaps it is of a later version of this program: nothing is set here'
    log.error({ why: error.message }, text)
  }
}

/** Reads the configuration where it was changed, unless the lab wants this node to go on with what it has. */
export async function refreshConfiguration(context: NodeContext): Promise<void> {
  await context.loadInTurn(async () => {
    const { store, log, lab, nodeId } = context
    if (lab.state().servers[nodeId]?.stale === true) return
    const state = await refreshServerState(store, context.state())
    if (state === context.state()) return
    context.setState(state)
    log.info({ configurationVersion: state.configuration.configurationVersion }, 'configuration reloaded')
  })
}

/**
 * Another state is in the database, as a whole: it is loaded now, and what was remembered or kept from the one before is gone.
 * @throws DatabaseAway
 */
export async function beginAnew(context: NodeContext): Promise<void> {
  await refreshConfiguration(context)
  context.precertified.forgetAll()
  context.journal?.clear()
}

/**
 * A database that is away does not end the node: it goes on with what it has, and says so, once for as long as that lasts.
 * @param before what the last time was in the way
 * @returns what is in the way; undefined when nothing is
 */
async function refreshState(
  context: NodeContext,
  member: Member,
  before: string | undefined,
): Promise<string | undefined> {
  const { store, log } = context
  try {
    const now = context.machineClock.now()
    const lastSeen = now.toISOString()
    // Somebody took a silent node for a dead one.
    if (!(await store.members.seen(member.nodeId, lastSeen))) await store.members.join({ ...member, lastSeen })
    // One that was killed could not leave by itself.
    const silence = Math.max(shortestSilence, 3000 * context.state().configuration.configurationRefreshIntervalSeconds)
    await store.members.removeSilent(new Date(now.getTime() - silence).toISOString(), member.cluster)
    await refreshLab(context)
    await refreshConfiguration(context)
    if (before !== undefined) log.info('the configuration is refreshed again')
    return undefined
  } catch (error) {
    const trouble = error instanceof Error ? error.message : String(error)
    if (trouble !== before) log.warn({ err: error }, 'the configuration could not be refreshed')
    return trouble
  }
}
