/** `add-server`, `add-cluster`, `remove-server`: change a running installation. */
import type { Settings } from '../../config/options.js'
import { systemClock } from '../../effects.js'
import type { ClusterStatus, NodeStatus } from '../../manage/status.js'
import { Failure } from '../failure.js'
import { callManagement } from '../management-call.js'
import { createOutput, table } from '../output.js'

export async function addServer(settings: Settings<'add-server'>, cluster: string): Promise<void> {
  const output = createOutput(settings.json)
  const seconds = stopwatch()
  const added = (await callManagement(settings, { method: 'POST', path: `/clusters/${encodeURIComponent(cluster)}/servers` })) as NodeStatus
  const { id, url, pid } = added
  output.result({ event: 'added', cluster, ...added }, `${id} serves in the cluster ${cluster} since now, ${seconds()} s after it was asked for: ${url}, pid ${pid}`)
}

export async function addCluster(settings: Settings<'add-cluster'>, name: string, nodes: string): Promise<void> {
  const output = createOutput(settings.json)
  if (!/^[1-9]\d?$/.test(nodes)) throw new Failure(`--nodes is "${nodes}"; it must be a whole number from 1 to 64`, 2)
  const seconds = stopwatch()
  const body = { name, nodes: Number(nodes), enrollment: settings.enrollment }
  const added = (await callManagement(settings, { method: 'POST', path: '/clusters', body })) as ClusterStatus
  const rows = [['cluster', `${name} (licensing-only), ${seconds()} s after it was asked for`], ['licensing', `${added.url}/licensing`], ...added.nodes.map(({ id, url }) => ['node', `${id}  ${url}`])]
  output.result({ event: 'added', ...added }, table(rows))
}

export async function removeServer(settings: Settings<'remove-server'>, id: string): Promise<void> {
  const output = createOutput(settings.json)
  await callManagement(settings, { method: 'DELETE', path: `/servers/${encodeURIComponent(id)}?force=${settings.force}` })
  output.result({ event: 'removed', id }, `${id} has finished its requests and is gone`)
}

function stopwatch(): () => string {
  const began = systemClock.monotonic()
  return () => ((systemClock.monotonic() - began) / 1000).toFixed(1)
}
