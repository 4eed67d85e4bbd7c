/** `up`: starts an installation, says how to use it, and stops it on SIGINT or SIGTERM. */
import closeWithGrace from 'close-with-grace'
import type { Settings } from '../../config/options.js'
import { seedDirectory, seedPassword } from '../../directory/seed.js'
import { startInstallation, type Installation, type InstallationOptions } from '../../manage/installation.js'
import { createLogger } from '../logger.js'
import { createOutput, table, type Output } from '../output.js'

export function installationOptions(settings: Settings<'up'>): InstallationOptions {
  return {
    host: settings.host,
    port: settings.port,
    // With --port 0 everything takes any free port; management too, unless it was told one.
    managePort: settings.managePort ?? (settings.port === 0 ? 0 : 7080),
    publicUrl: settings.publicUrl,
    mode: settings.cryptoMode,
    engine: settings.signer,
    data: settings.data,
    database: settings.db,
    keyPassword: settings.keyPassword,
    bodyLimit: settings.bodyLimit,
    requestTimeoutMilliseconds: settings.requestTimeout * 1000,
    includeXrmlInLog: settings.logXrml,
    admit: settings.admit.map(({ key, value }) => ({ endpoint: key, group: value })),
    settings: {
      configurationRefreshIntervalSeconds: settings.refreshInterval,
      invertPersistent: settings.invertPersistent,
      serverDecommissioned: settings.decommissioned,
    },
  }
}

export async function up(settings: Settings<'up'>): Promise<void> {
  const output = createOutput(settings.json)
  const log = createLogger(settings.logLevel)
  const installation = await startInstallation({ ...installationOptions(settings), log })
  closeWithGrace({ delay: 10_000, logger: false }, async ({ err }) => {
    if (err) log.fatal({ err }, 'the process ends')
    await installation.close()
  })
  output.result(installation.ready, banner(installation, settings, output))
}

function banner(installation: Installation, settings: Settings<'up'>, { paint }: Output): string {
  const [root] = installation.ready.clusters
  const accounts = seedDirectory.accounts.filter((account) => account.mail !== undefined).map((account) => account.mail)
  const rows = [
    ['cluster', `${root?.name} (${root?.kind}, Mode ${settings.cryptoMode}, ${root?.nodes.length} node)`],
    ['certification', `${installation.url}/certification`],
    ['licensing', `${installation.url}/licensing`],
    ['API pages', `${root?.nodes[0]?.url}/docs`],
    ['management', installation.manage],
    ['accounts', accounts.join(', ')],
    ['password', `${seedPassword} (all of them)`],
    ['state', installation.data ?? 'temporary, removed at the end (--data DIR keeps it)'],
  ]
  return [
    '',
    paint.strong('rms-emulator: a lab. Every key is known to everybody; never protect real documents with it.'),
    '',
    table(rows),
    '',
    `Try:  ${paint.strong(`npx rms-emulator demo --server ${installation.url}`)}`,
    paint.dim('Ctrl-C stops everything.'),
  ].join('\n')
}
