/** `status`: clusters and nodes of a running installation. */
import type { Settings } from '../../config/options.js'
import type { InstallationStatus } from '../../manage/app.js'
import { Failure } from '../failure.js'
import { createOutput, table } from '../output.js'

export async function status(settings: Settings<'status'>): Promise<void> {
  const output = createOutput(settings.json)
  const found = await readStatus(settings.manage)
  const rows = found.clusters.flatMap(({ name, kind, url, nodes }) => nodes.map((node) => [name, kind, url, node.id, node.url, `pid ${node.pid}`]))
  output.result(found, table([['cluster', 'kind', 'URL', 'node', 'node URL', 'process'], ...rows]))
}

async function readStatus(manage: string): Promise<InstallationStatus> {
  const url = new URL('/status', manage)
  const response = await fetch(url).catch((error: unknown) => {
    throw new Failure(`${url.href} does not answer (${error instanceof Error ? error.message : String(error)}): is the installation running? Start it with rms-emulator up`)
  })
  if (!response.ok) throw new Failure(`${url.href} answers HTTP ${response.status}: is this the management address of rms-emulator?`)
  return (await response.json()) as InstallationStatus
}
