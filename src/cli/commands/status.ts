/** `status`: clusters and nodes of a running installation. */
import type { Settings } from '../../config/options.js'
import type { InstallationStatus } from '../../manage/status.js'
import { Failure } from '../failure.js'
import { callManagement } from '../management-call.js'
import { createOutput, table } from '../output.js'

export async function status(settings: Settings<'status'>): Promise<void> {
  const output = createOutput(settings.json)
  const found = await callManagement(settings, { method: 'GET', path: '/status' })
  if (!isStatus(found))
    throw new Failure(
      `${settings.manage} does not answer as an installation does. Is this its management address? rms-emulator up prints it`,
    )
  const rows = found.clusters.flatMap(({ name, kind, url, nodes }) =>
    nodes.map((node) => [name, kind, url, node.id, node.url, `pid ${node.pid}`, node.state]),
  )
  const nodes = table([['cluster', 'kind', 'URL', 'node', 'node URL', 'process', 'state'], ...rows], {
    hasHeader: true,
  })
  const outside = found.clusters.flatMap(({ name, extranetUrl }) =>
    extranetUrl === undefined ? [] : [[name, extranetUrl]],
  )
  output.result(found, outside.length === 0 ? nodes : `${nodes}\n\n${table([['cluster', 'extranet URL'], ...outside])}`)
}

export function isStatus(body: unknown): body is InstallationStatus {
  return typeof body === 'object' && body !== null && 'clusters' in body && Array.isArray(body.clusters)
}
