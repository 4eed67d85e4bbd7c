/** What is set for single servers of the lab, as an administrator sets it. */
import { forestClock } from '../../cluster/forest-clock.js'
import { nearest } from '../../config/nearest.js'
import { addDuration, parseDuration } from '../../lab/duration.js'
import { requireInReach } from '../../lab/instant.js'
import { shown } from '../../lab/json-object.js'
import { parseServerControls, type ServerControls } from '../../lab/servers/controls.js'
import type { LabState } from '../../lab/state.js'
import { problem } from '../problem.js'
import type { LabOffice } from './ask-server.js'
import { changeLab, type ToldServer } from './change-lab.js'

/** As it is set, and as it can be put again. */
export type ServerReading = ServerControls & { readonly node: string; readonly cluster: string }

/** What is asked for; false or null ends a control. */
export type ServerWanted = { readonly [Control in keyof ServerControls]?: ServerControls[Control] | false | null }

export type ServerChange = ServerReading & { readonly nodes: readonly ToldServer[] }

/** Every server, and what is set for it. @throws DatabaseAway */
export async function listServers(office: LabOffice): Promise<readonly ServerReading[]> {
  const [{ servers }, known] = await Promise.all([office.store.lab.read(), knownServers(office)])
  return known.map((server) => ({ ...server, ...servers[server.node] }))
}

/** @throws Problem 404, DatabaseAway */
export async function findServer(office: LabOffice, id: string): Promise<ServerReading> {
  const server = await requireServer(office, id)
  return { ...server, ...(await office.store.lab.read()).servers[server.node] }
}

/**
 * Sets this for the server, and nothing else.
 * @throws Problem 404, LabInputError, NotEverywhere, DatabaseAway
 */
export async function putServer(office: LabOffice, id: string, wanted: unknown): Promise<ServerChange> {
  return setServer(office, id, () => wanted)
}

/**
 * Sets this for the server, and lets alone what is not named.
 * @throws Problem 404, LabInputError, NotEverywhere, DatabaseAway
 */
export async function changeServer(office: LabOffice, id: string, wanted: unknown): Promise<ServerChange> {
  // What is no object is refused when it is read.
  return setServer(office, id, (before) =>
    typeof wanted === 'object' && wanted !== null && !Array.isArray(wanted) ? { ...before, ...wanted } : wanted,
  )
}

/** The server is as in a product again. @throws Problem 404, NotEverywhere, DatabaseAway */
export async function clearServer(office: LabOffice, id: string): Promise<ServerChange> {
  return setServer(office, id, () => ({}))
}

async function setServer(
  office: LabOffice,
  id: string,
  wanted: (before: ServerControls) => unknown,
): Promise<ServerChange> {
  const server = await requireServer(office, id)
  const { node } = server
  const { state, nodes } = await changeLab(office, async (before) => {
    const controls = parseServerControls(wanted(before.servers[node] ?? {}), node)
    await requireTime(office, controls)
    return { ...before, servers: withControls(before.servers, node, controls) }
  })
  return { ...server, ...state.servers[node], nodes }
}

/** Nothing is kept of a server for which nothing is set. */
function withControls(servers: LabState['servers'], node: string, controls: ServerControls): LabState['servers'] {
  const { [node]: _before, ...others } = servers
  return Object.keys(controls).length === 0 ? others : { ...others, [node]: controls }
}

/** @throws LabInputError for a skew that leads out of the years of the lab */
async function requireTime({ store, clock }: LabOffice, { skew }: ServerControls): Promise<void> {
  if (skew === undefined) return
  const forest = await forestClock(store.lab, clock)
  requireInReach(addDuration(forest.now(), parseDuration(skew, '"skew"')), '"skew"')
}

type KnownServer = Pick<ServerReading, 'node' | 'cluster'>

/** Also one that has left while something is set for it: so that it can be ended. */
async function knownServers({ store }: LabOffice): Promise<readonly KnownServer[]> {
  const [members, { servers }] = await Promise.all([store.members.list(), store.lab.read()])
  const living = members.map(({ nodeId, cluster }) => ({ node: nodeId, cluster }))
  const gone = Object.keys(servers).filter((id) => !living.some(({ node }) => node === id))
  return [...living, ...gone.map((node) => ({ node, cluster: '' }))].toSorted((one, other) =>
    one.node < other.node ? -1 : 1,
  )
}

async function requireServer(office: LabOffice, id: string): Promise<KnownServer> {
  const known = await knownServers(office)
  const found = known.find(({ node }) => node.toLowerCase() === id.toLowerCase())
  if (found !== undefined) return found
  const names = known.map(({ node }) => node)
  const meant = nearest(id, names)
  const hint = meant === undefined ? `there is ${names.join(', ') || 'none'}` : `did you mean ${meant}?`
  return problem(404, `There is no server ${shown(id)}: ${hint}`)
}
