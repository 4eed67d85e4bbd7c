/** `add-server`, `add-cluster`, `add-extranet`, and their removal: change a running installation. */
import type { Settings } from '../../config/options.js'
import { systemClock } from '../../effects.js'
import type { ClusterStatus, NodeStatus } from '../../installation/status.js'
import { Failure } from '../failure.js'
import { callManagement } from '../management-call.js'
import { createOutput, table } from '../output.js'
import { shellWord } from '../../command-line.js'
import { nextCommand } from '../next-command.js'

export async function addServer(settings: Settings<'add-server'>, cluster: string): Promise<void> {
  const output = createOutput(settings.json)
  const seconds = stopwatch()
  const added = (await callManagement(settings, {
    method: 'POST',
    path: `/clusters/${encodeURIComponent(cluster)}/servers`,
  })) as NodeStatus
  const { id, url, pid } = added
  output.words(
    { event: 'added', cluster, ...added },
    `${id} serves in the cluster ${cluster} since now, after ${seconds()} s: ${url}, pid ${pid}`,
  )
}

export interface AddClusterArguments {
  readonly nodes: string
  /** True without a port. */
  readonly extranet?: string | true
}

export async function addCluster(
  settings: Settings<'add-cluster'>,
  name: string,
  { nodes, extranet }: AddClusterArguments,
): Promise<void> {
  const output = createOutput(settings.json)
  if (!/^[1-9]\d?$/.test(nodes)) throw new Failure(`--nodes is "${nodes}"; it must be a whole number from 1 to 64`, 2)
  const seconds = stopwatch()
  const body = {
    name,
    nodes: Number(nodes),
    enrollment: settings.enrollment,
    ...(extranet === undefined ? {} : { extranet: extranetPlan('--extranet', extranet) }),
  }
  const added = (await callManagement(settings, { method: 'POST', path: '/clusters', body })) as ClusterStatus
  const outside = added.extranetUrl === undefined ? [] : [['extranet', `${added.extranetUrl}/licensing`]]
  const rows = [
    ['cluster', `${name} (licensing-only), ${seconds()} s after it was asked for`],
    ['licensing', `${added.url}/licensing`],
    ...outside,
    ...added.nodes.map(({ id, url }) => ['node', `${id}  ${url}`]),
  ]
  output.result({ event: 'added', ...added }, table(rows))
}

export async function addExtranet(
  settings: Settings<'add-server'>,
  cluster: string,
  port: string | undefined,
): Promise<void> {
  const output = createOutput(settings.json)
  const body = extranetPlan('--port', port ?? true)
  const { extranetUrl } = (await callManagement(settings, {
    method: 'PUT',
    path: extranetPath(cluster),
    body,
  })) as ClusterStatus
  output.words(
    { event: 'added', cluster, extranetUrl },
    `The extranet reaches ${cluster} at ${extranetUrl}: so it stands in what is issued from now on`,
  )
}

export async function removeExtranet(settings: Settings<'add-server'>, cluster: string): Promise<void> {
  const output = createOutput(settings.json)
  await callManagement(settings, { method: 'DELETE', path: extranetPath(cluster) })
  output.words(
    { event: 'removed', cluster },
    `The extranet listener of ${cluster} has finished its requests and is closed`,
  )
}

function extranetPath(cluster: string): string {
  return `/clusters/${encodeURIComponent(cluster)}/extranet`
}

export async function removeServer(settings: Settings<'remove-server'>, id: string): Promise<void> {
  const output = createOutput(settings.json)
  await callManagement(settings, {
    method: 'DELETE',
    path: `/servers/${encodeURIComponent(id)}?force=${settings.force}`,
  })
  output.words({ event: 'removed', id }, `${id} has finished its requests and is gone`)
}

export async function removeCluster(settings: Settings<'remove-server'>, name: string): Promise<void> {
  const output = createOutput(settings.json)
  await callManagement(settings, {
    method: 'DELETE',
    path: `/clusters/${encodeURIComponent(name)}?force=${settings.force}`,
  })
  output.words({ event: 'removed', cluster: name }, `The cluster ${name} has finished its requests and is gone`)
}

export async function drainServer(settings: Settings<'add-server'>, id: string): Promise<void> {
  const output = createOutput(settings.json)
  const drained = await changeServer(settings, id, 'drain')
  output.words(
    { event: 'drained', ...drained },
    `${id} has finished its requests and is given no more, until ${nextCommand(`resume ${shellWord(id)}`)}`,
  )
  const { clusters } = (await callManagement(settings, { method: 'GET', path: '/status' })) as {
    readonly clusters: readonly ClusterStatus[]
  }
  const own = clusters.find(({ nodes }) => nodes.some((node) => node.id === id))
  if (own !== undefined && own.nodes.every(({ state }) => state !== 'serving'))
    output.note(`No server of the cluster ${own.name} takes requests now: its clients get HTTP 503`)
}

export async function resumeServer(settings: Settings<'add-server'>, id: string): Promise<void> {
  const resumed = await changeServer(settings, id, 'resume')
  createOutput(settings.json).result({ event: 'resumed', ...resumed }, `${id} is given requests again`)
}

async function changeServer(
  settings: Settings<'add-server'>,
  id: string,
  verb: 'drain' | 'resume',
): Promise<NodeStatus> {
  return (await callManagement(settings, {
    method: 'POST',
    path: `/servers/${encodeURIComponent(id)}/${verb}`,
  })) as NodeStatus
}

function extranetPlan(flag: string, port: string | true): { readonly port?: number } {
  if (port === true) return {}
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535)
    throw new Failure(`${flag} is "${port}"; it must be a port from 0 to 65535`, 2)
  return { port: Number(port) }
}

function stopwatch(): () => string {
  const began = systemClock.monotonic()
  return () => ((systemClock.monotonic() - began) / 1000).toFixed(1)
}
