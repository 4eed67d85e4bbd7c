/** `up`: starts an installation, says how to use it, and stops it on SIGINT or SIGTERM. */
import type { Settings } from '../../config/options.js'
import { number } from '../../charts/frame.js'
import { seedDirectory, seedPassword } from '../../directory/seed.js'
import { systemRandom } from '../../effects.js'
import { schemesOf } from '../../identity/schemes.js'
import type { EmulatedServer } from '../../sizing/emulated-server.js'
import type { Installation, InstallationOptions } from '../../manage/installation.js'
import { databaseOf } from '../database.js'
import { emulatedServerOf } from '../emulated-server.js'
import { createLogger, relayTo } from '../logger.js'
import { Failure } from '../failure.js'
import { keepToken } from '../keep-token.js'
import { createOutput, table, type Output } from '../output.js'
import { startOwnInstallation } from '../own-installation.js'
import { requireTlsPair } from '../tls-flags.js'
import { readTokenIssuer } from '../token-issuer.js'

export function installationOptions(settings: Settings<'up'>): InstallationOptions {
  return {
    processes: true,
    root: settings.root,
    licensing: settings.noLicensing ? [] : settings.licensing.map(({ key, value }) => ({ name: key, nodes: value })),
    extranet: settings.extranet.map(({ key, value }) => ({ name: key, ...(value === 0 ? {} : { port: value }) })),
    restart: !settings.noRestart,
    host: settings.host,
    port: settings.port ?? 7000,
    manageHost: settings.manageHost,
    token: settings.token ?? systemRandom.bytes(18).toString('base64url'),
    spoolLimit: settings.spoolLimit,
    // With --port 0 everything takes any free port; management too, unless it was told one.
    managePort: settings.managePort ?? (settings.port === 0 ? 0 : 7080),
    publicUrl: settings.publicUrl?.replace(/\/_wmcs\/?$/i, ''),
    mode: settings.cryptoMode,
    engine: settings.signer,
    signerThreads: settings.signerThreads,
    data: settings.data,
    database: databaseOf(settings),
    keyPassword: settings.keyPassword,
    bodyLimit: settings.bodyLimit,
    requestTimeoutMilliseconds: settings.requestTimeout * 1000,
    includeXrmlInLog: settings.logXrml,
    tls: tlsOptions(settings),
    schemes: schemesOf(settings.schemes),
    ntlmLevel: settings.ntlm,
    admit: settings.admit.map(({ key, value }) => ({ endpoint: key, group: value })),
    settings: {
      configurationRefreshIntervalSeconds: settings.refreshInterval,
      invertPersistent: settings.invertPersistent,
      serverDecommissioned: settings.decommissioned,
      automaticSignIn: settings.autoSignIn,
      emulatedServer: emulatedServerOf(settings) ?? null,
    },
  }
}

/** @throws Failure when certificates are named without --tls */
function tlsOptions(settings: Settings<'up'>): InstallationOptions['tls'] {
  const { tls, tlsNames, tlsCert: certificateFile, tlsKey: keyFile } = settings
  requireTlsPair(settings)
  if (!tls && (tlsNames ?? certificateFile ?? keyFile) !== undefined)
    throw new Failure('--tls-names, --tls-cert and --tls-key say how https is served: give --tls too', 2)
  return tls && { names: tlsNames?.split(',') ?? [], certificateFile, keyFile }
}

export async function up(settings: Settings<'up'>): Promise<void> {
  const output = createOutput(settings.json)
  const log = await createLogger(settings.logLevel)
  const tokenIssuer = await readTokenIssuer(settings)
  const plain = installationOptions(settings)
  const options = tokenIssuer === undefined ? plain : { ...plain, settings: { ...plain.settings, tokenIssuer } }
  let forgetToken = (): void => undefined
  const onError = (err: Error): void => log.fatal({ err }, 'the process ends')
  const onStopping = (text: string): void => (settings.json ? log.info(text) : output.note(text))
  const ending = { exitCode: 0, onStopping, onError, onClosed: () => forgetToken() } as const
  const installation = await startOwnInstallation({ ...options, log, onLine: relayTo(log) }, ending)
  forgetToken = keepToken(installation.manage, options.token ?? '', log)
  output.result(installation.ready, banner(installation, output, options.settings?.emulatedServer ?? null))
}

function banner(
  { ready, url, mode, manage, data, ca }: Installation,
  { paint }: Output,
  emulated: EmulatedServer | null,
): string {
  const accounts = seedDirectory.accounts.filter((account) => account.mail !== undefined).map((account) => account.mail)
  const clusters = ready.clusters.flatMap(({ name, kind, url, extranetUrl = '', nodes }) => [
    [name, kind === 'root' ? 'certification' : '', kind === 'root' ? `${url}/certification` : ''],
    [kind === 'root' ? '' : name, 'licensing', `${url}/licensing`],
    ['', 'extranet', extranetUrl],
    [
      '',
      `${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}`,
      nodes.map(({ id, url }) => `${id} ${url}`).join(', '),
    ],
  ])
  const rows = [
    ['REST', `${new URL(url).origin}/my/v2 (a token: npx rms-emulator token USER)`],
    ['management', `${manage}/docs`],
    ['token', `${ready.token ?? 'none'} (for management; the commands below find it)`],
    ...(ca === undefined ? [] : [['lab CA', `${manage}/ca.pem (clients must trust it)`]]),
    ['API pages', `${ready.clusters[0]?.nodes[0]?.url}/docs`],
    ['mode', `Mode ${mode}`],
    ['accounts', accounts.join(', ')],
    ['password', `${seedPassword} (all of them)`],
    ...(emulated === null
      ? []
      : [
          [
            'capacity',
            `each node ${number(emulated.operationsPerSecond)} operations a second, ${emulated.serviceDistribution} times, ${emulated.queueLimit} may wait`,
          ],
        ]),
    ['state', data ?? 'temporary, removed at the end (--data DIR keeps it)'],
  ]
  return [
    '',
    paint.strong('rms-emulator: a lab. Every key is known to everybody; never protect real documents with it.'),
    '',
    table(clusters.filter((row) => row[2] !== '')),
    '',
    table(rows),
    '',
    `Try:  ${paint.strong(`npx rms-emulator demo --server ${url}${ca === undefined ? '' : ' --ca ca.pem'}`)}`,
    `Grow: ${paint.strong('npx rms-emulator add-server root')}, add-server NAME, add-cluster NAME; then status, remove-server ID`,
    paint.dim('Ctrl-C stops everything.'),
  ].join('\n')
}
