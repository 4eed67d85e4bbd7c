/** `up`: starts an installation, says how to use it, and stops it on SIGINT or SIGTERM. */
import type { Settings } from '../../config/options.js'
import { seedDirectory, seedPassword } from '../../directory/seed.js'
import type { Installation, InstallationOptions } from '../../manage/installation.js'
import { createLogger } from '../logger.js'
import { createOutput, table, type Output } from '../output.js'
import { startOwnInstallation } from '../own-installation.js'

export function installationOptions(settings: Settings<'up'>): InstallationOptions {
  return {
    host: settings.host,
    port: settings.port ?? 7000,
    // With --port 0 everything takes any free port; management too, unless it was told one.
    managePort: settings.managePort ?? (settings.port === 0 ? 0 : 7080),
    publicUrl: settings.publicUrl?.replace(/\/_wmcs\/?$/i, ''),
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
  const ending = { exitCode: 0, onError: (err: Error) => log.fatal({ err }, 'the process ends') } as const
  const installation = await startOwnInstallation({ ...installationOptions(settings), log }, ending)
  output.result(installation.ready, banner(installation, output))
}

function banner(installation: Installation, { paint }: Output): string {
  const [root] = installation.ready.clusters
  const accounts = seedDirectory.accounts.filter((account) => account.mail !== undefined).map((account) => account.mail)
  const rows = [
    ['cluster', `${root?.name} (${root?.kind}, Mode ${installation.mode}, ${root?.nodes.length} node)`],
    ['certification', `${installation.url}/certification`],
    ['licensing', `${installation.url}/licensing`],
    ['API pages', `${root?.nodes[0]?.url}/docs`],
    ['management', `${installation.manage}/docs`],
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
