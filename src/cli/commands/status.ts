/** `status`: clusters and nodes of a running installation. */
import type { Settings } from '../../config/options.js'
import type { InstallationStatus } from '../../manage/app.js'
import { Failure, systemCode } from '../failure.js'
import { createOutput, table } from '../output.js'

export async function status(settings: Settings<'status'>): Promise<void> {
  const output = createOutput(settings.json)
  const found = await readStatus(settings.manage)
  const rows = found.clusters.flatMap(({ name, kind, url, nodes }) => nodes.map((node) => [name, kind, url, node.id, node.url, `pid ${node.pid}`]))
  output.result(found, table([['cluster', 'kind', 'URL', 'node', 'node URL', 'process'], ...rows]))
}

/** Milliseconds. */
const longestWait = 10_000

async function readStatus(manage: string): Promise<InstallationStatus> {
  const url = new URL('/status', manage)
  const response = await fetch(url, { signal: AbortSignal.timeout(longestWait) }).catch((error: unknown) => {
    throw new Failure(`${url.href} does not answer (${systemCode(error) || String(error)}). Start an installation with rms-emulator up, or name a running one with --manage URL`)
  })
  const body: unknown = response.ok ? await response.json().catch(() => undefined) : undefined
  if (isStatus(body)) return body
  throw new Failure(`${url.href} answers HTTP ${response.status}, but not as an installation does. Is this its management address? rms-emulator up prints it`)
}

function isStatus(body: unknown): body is InstallationStatus {
  return typeof body === 'object' && body !== null && 'clusters' in body && Array.isArray(body.clusters)
}
