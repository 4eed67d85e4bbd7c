/** `status`: clusters and servers of a running installation, as their balancers see them; once, or again and again with --watch. */
import type { Settings } from '../../config/options.js'
import { systemTimers } from '../../effects.js'
import type { InstallationStatus } from '../../installation/status.js'
import { Failure } from '../failure.js'
import { callManagement } from '../management-call.js'
import { createOutput, screenWidth } from '../output.js'
import { statusScreen } from '../status-screen.js'
import { stopSignal } from '../stop-signal.js'
import { createRedrawn, watchChanges } from '../watch.js'
import { commandLine } from '../../command-line.js'

export async function status(settings: Settings<'status'>, { watch }: { readonly watch: boolean }): Promise<void> {
  const output = createOutput(settings.json)
  const textOf = (found: InstallationStatus): string => statusScreen(found, screenWidth(), output.paint)
  const ask = async (signal?: AbortSignal): Promise<InstallationStatus> => {
    const found = await callManagement(settings, { method: 'GET', path: '/status', signal })
    if (isStatus(found)) return found
    throw new Failure(
      `${settings.manage ?? 'The running installation'} does not answer as an installation does. Is this its management address? ${commandLine('up')} prints it`,
    )
  }
  if (!watch) {
    const found = await ask()
    output.result(found, textOf(found))
    return
  }
  const { signal, release } = stopSignal()
  const redrawn = settings.json ? undefined : createRedrawn(process.stdout)
  const show = (found: InstallationStatus): void =>
    redrawn === undefined ? output.result(found, '') : redrawn(textOf(found))
  const always = !settings.json && process.stdout.isTTY
  await watchChanges(() => ask(signal), show, { always, timers: systemTimers, signal }).finally(release)
}

export function isStatus(body: unknown): body is InstallationStatus {
  return typeof body === 'object' && body !== null && 'clusters' in body && Array.isArray(body.clusters)
}
