/** `lab server` and `lab installation`: what is set for single servers of a running installation, and for all of them together. */
import type { InstallationChange } from '../../administration/lab/installation.js'
import type { ServerChange, ServerReading } from '../../administration/lab/servers.js'
import { controlsInWords } from '../../lab/servers/controls.js'
import {
  installationControls,
  installationWords,
  type InstallationControl,
  type InstallationControls,
} from '../../lab/servers/installation-controls.js'
import { Failure } from '../failure.js'
import { callManagement, type ManagementSettings } from '../management-call.js'
import { createOutput, table } from '../output.js'
import { shellWord } from '../../command-line.js'
import { nextCommand } from '../next-command.js'

type LabSettings = ManagementSettings & { readonly json: boolean }

export async function listServers(settings: LabSettings): Promise<void> {
  const { servers } = (await callManagement(settings, { method: 'GET', path: '/lab/servers' })) as {
    readonly servers: readonly ServerReading[]
  }
  const rows = servers.map((server) => [server.node, server.cluster, controlsInWords(server) || 'as in a product'])
  createOutput(settings.json).result(
    { servers },
    table([['server', 'cluster', 'what is set'], ...rows], { hasHeader: true }),
  )
}

/** @param wanted controls by name; false ends one, and what is not named stays */
export async function changeServer(settings: LabSettings, id: string, wanted: object): Promise<void> {
  show(settings, (await callManagement(settings, { method: 'PATCH', path: pathOf(id), body: wanted })) as ServerChange)
}

/** Sets or ends one control. */
export async function setServer(
  settings: LabSettings,
  id: string,
  control: string,
  value: string | boolean | undefined,
): Promise<void> {
  if (value === undefined)
    throw new Failure(
      `How much? Give a duration behind the server, or --end: ${nextCommand(`lab server ${control} ${shellWord(id)} PT2S`)}`,
      2,
    )
  if (typeof value === 'string' && value.startsWith('--'))
    throw new Failure(`unknown option '${value}' (--help shows what there is)`, 2)
  await changeServer(settings, id, { [control]: value })
}

export async function clearServer(settings: LabSettings, id: string): Promise<void> {
  show(settings, (await callManagement(settings, { method: 'DELETE', path: pathOf(id) })) as ServerChange)
}

export async function killServer(settings: LabSettings, id: string): Promise<void> {
  await callManagement(settings, { method: 'POST', path: `/servers/${encodeURIComponent(id)}/kill` })
  createOutput(settings.json).words({ event: 'killed', id }, `The process of ${id} was killed, as by a power failure`)
}

export async function showInstallation(settings: LabSettings): Promise<void> {
  const found = (await callManagement(settings, {
    method: 'GET',
    path: '/lab/installation',
  })) as InstallationControls
  createOutput(settings.json).words(found, installationText(found))
}

export async function setInstallation(
  settings: LabSettings,
  control: InstallationControl,
  isSet: boolean,
): Promise<void> {
  const body = { [control]: isSet }
  const path = '/lab/installation'
  const changed = (await callManagement(settings, { method: 'PATCH', path, body })) as InstallationChange
  createOutput(settings.json).words({ event: 'installation', ...changed }, installationText(changed))
}

export async function clearInstallation(settings: LabSettings): Promise<void> {
  const changed = (await callManagement(settings, {
    method: 'DELETE',
    path: '/lab/installation',
  })) as InstallationChange
  createOutput(settings.json).words({ event: 'installation', ...changed }, installationText(changed))
}

function show({ json }: LabSettings, changed: ServerChange): void {
  const set = controlsInWords(changed)
  const text = set === '' ? `${changed.node} is as in a product.` : `${changed.node}: ${set}.`
  createOutput(json).words({ event: 'server', ...changed }, text)
}

function installationText(found: InstallationControls): string {
  const set = installationControls.filter((name) => name in found).map((name) => installationWords[name])
  return set.length === 0
    ? 'Nothing is set for all servers: they are as in a product.'
    : `For all servers: ${set.join(', ')}.`
}

function pathOf(id: string): string {
  return `/lab/servers/${encodeURIComponent(id)}`
}
