/** `admit` and `revoke`: who may use an endpoint of a cluster of a running installation. */
import type { Settings } from '../../config/options.js'
import { Failure } from '../failure.js'
import { callManagement } from '../management-call.js'
import { createOutput } from '../output.js'

export interface AccessArguments {
  /** The root when left out. */
  readonly cluster?: string
}

export interface AdmitArguments extends AccessArguments {
  readonly restrict?: boolean
}

interface AccessLists {
  readonly endpoints: readonly { readonly endpoint: string; readonly admitted: readonly string[] | null }[]
}

export async function admit(
  settings: Settings<'add-server'>,
  endpoint: string,
  name: string,
  { cluster, restrict = false }: AdmitArguments,
): Promise<void> {
  await change(settings, 'admit', { endpoint, name, restrict }, cluster)
}

export async function revoke(
  settings: Settings<'add-server'>,
  endpoint: string,
  name: string,
  { cluster }: AccessArguments,
): Promise<void> {
  await change(settings, 'revoke', { endpoint, name }, cluster)
}

async function change(
  settings: Settings<'add-server'>,
  verb: 'admit' | 'revoke',
  body: { readonly endpoint: string; readonly name: string; readonly restrict?: boolean },
  named: string | undefined,
): Promise<void> {
  const cluster = named ?? (await rootCluster(settings))
  const path = `/clusters/${encodeURIComponent(cluster)}/access/${verb}`
  const { endpoints } = (await callManagement(settings, { method: 'POST', path, body })) as AccessLists
  const wanted = body.endpoint.toLowerCase()
  const changed = endpoints.filter((one) => one.endpoint.includes(wanted))
  const lines = changed.map(
    ({ endpoint, admitted }) =>
      `${endpoint} of ${cluster} admits ${admitted === null ? 'everybody' : admitted.join(', ') || 'nobody'}`,
  )
  const event = { admit: 'admitted', revoke: 'revoked' }[verb]
  createOutput(settings.json).result({ event, cluster, name: body.name, endpoints: changed }, lines.join('\n'))
}

async function rootCluster(settings: Settings<'add-server'>): Promise<string> {
  const { clusters } = (await callManagement(settings, { method: 'GET', path: '/clusters' })) as {
    readonly clusters: readonly { readonly name: string; readonly kind: string }[]
  }
  const root = clusters.find(({ kind }) => kind === 'root')
  if (root === undefined) throw new Failure('The installation has no root cluster: name one with --cluster NAME')
  return root.name
}
