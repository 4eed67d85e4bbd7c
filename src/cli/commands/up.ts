/** `up`: starts an installation, says how to use it, and stops it on SIGINT or SIGTERM. */
import { processEnvironment } from '../../config/environment.js'
import type { Settings } from '../../config/options.js'
import type { StartedWith } from '../../config/started-with.js'
import { forestNamed } from '../../directory/forest.js'
import { seedDirectoryOf, seedPassword } from '../../directory/seed.js'
import { systemClock, systemTimers, systemRandom } from '../../effects.js'
import { schemesOf } from '../../identity/schemes.js'
import type { InstallationOptions } from '../../installation/installation-options.js'
import { databaseOf } from '../database.js'
import { emulatedServerOf } from '../emulated-server.js'
import { Failure } from '../failure.js'
import { journalOf } from '../journal-settings.js'
import { keepToken } from '../keep-token.js'
import { endWithNpm } from '../parent.js'
import { partnerPlace } from '../partner-place.js'
import { createOutput, screenWidth } from '../output.js'
import { startOwnInstallation } from '../own-installation.js'
import { openServerLog } from '../server-log.js'
import { createStartingLine } from '../starting-line.js'
import { usualManage } from '../usual-addresses.js'
import { callManagement } from '../management-call.js'
import { upScreen } from '../up-screen.js'
import { requireTlsPair } from '../tls-flags.js'
import { oauthClientsOf } from '../oauth-clients.js'
import { withoutPath } from '../public-url.js'
import { readTokenIssuer } from '../token-issuer.js'

export function installationOptions(settings: Settings<'up'>): InstallationOptions {
  return {
    processes: true,
    root: settings.root,
    licensing: licensingOf(settings),
    seedFile: settings.seedFile,
    seed: settings.seed,
    clock: settings.clock,
    forest: settings.forest,
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
    clusterUrls: settings.clusterUrl.map(({ key, value }) => ({ name: key, url: withoutPath(value) })),
    mode: settings.cryptoMode,
    lab: !settings.noLab,
    scopes: settings.scopes,
    scopeIdleSeconds: settings.scopeIdle,
    engine: settings.signer,
    signerThreads: settings.signerThreads,
    data: settings.data,
    database: databaseOf(settings),
    migrate: settings.migrate,
    keyPassword: settings.keyPassword,
    bodyLimit: settings.bodyLimit,
    headerLimit: settings.headerLimit,
    trustedProxies: settings.trustedProxies,
    requestTimeoutMilliseconds: settings.requestTimeout * 1000,
    includeXrmlInLog: settings.logXrml,
    headerFaults: settings.headerFaults,
    profile: settings.profile,
    requestLogDays: settings.requestLogDays,
    requestLogRows: settings.requestLogRows,
    journal: journalOf(settings) ?? false,
    keepDocuments: settings.keepDocuments && !settings.noLab,
    tls: tlsOptions(settings),
    schemes: schemesOf(settings.schemes),
    ntlmLevel: settings.ntlm,
    admit: settings.admit.map(({ key, value }) => ({ endpoint: key, group: value })),
    oauthClients: oauthClientsOf(settings.oauthClient),
    settings: {
      configurationRefreshIntervalSeconds: settings.refreshInterval,
      invertPersistent: settings.invertPersistent,
      serverDecommissioned: settings.decommissioned,
      automaticSignIn: settings.autoSignIn,
      emulatedServer: emulatedServerOf(settings) ?? null,
    },
  }
}

/** undefined: nothing was told. */
function licensingOf({ noLicensing, licensing }: Settings<'up'>): InstallationOptions['licensing'] {
  if (noLicensing) return []
  return licensing.length === 0 ? undefined : licensing.map(({ key, value }) => ({ name: key, nodes: value }))
}

/** @throws Failure when certificates are named without --tls */
function tlsOptions(settings: Settings<'up'>): InstallationOptions['tls'] {
  const { tls, tlsNames, tlsCert: certificateFile, tlsKey: keyFile } = settings
  requireTlsPair(settings)
  if (!tls && (tlsNames ?? certificateFile ?? keyFile) !== undefined)
    throw new Failure('--tls-names, --tls-cert and --tls-key say how https is served: give --tls too', 2)
  return tls && { names: tlsNames?.split(',') ?? [], certificateFile, keyFile }
}

export async function up(settings: Settings<'up'>, config: StartedWith): Promise<void> {
  const output = createOutput(settings.json)
  const { log, relay, begin } = await openServerLog(settings)
  const tokenIssuer = await readTokenIssuer(settings)
  const plain = installationOptions(settings)
  const options = tokenIssuer === undefined ? plain : { ...plain, settings: { ...plain.settings, tokenIssuer } }
  let forgetToken = (): void => undefined
  const onError = (err: Error): void => log.fatal({ err }, 'the process ends')
  const line = createStartingLine(settings.json ? {} : process.stderr, systemClock, systemTimers)
  const onStopping = (text: string): void => {
    line.end()
    if (settings.json) log.info(text)
    else output.note(text)
  }
  const ending = { exitCode: 0, onStopping, onError, onClosed: () => forgetToken() } as const
  endWithNpm(processEnvironment(), systemTimers, () => process.kill(process.pid, 'SIGTERM'))
  const forestOf = await partnerPlace(settings)
  const started = startOwnInstallation({ ...options, forestOf, log, onLine: relay, onStart: line.show }, ending, config)
  const installation = await started.finally(line.end)
  forgetToken = keepToken(installation.manage, options.token ?? '', log)
  const screen = {
    installation,
    accounts: options.seedFile === undefined ? accountsOf(installation.ready.forest) : [`as ${settings.seedFile} says`],
    password: options.seedFile === undefined ? seedPassword : undefined,
    emulated: options.settings?.emulatedServer ?? null,
    hasDemo: options.seedFile === undefined || (await hasDemoPeople(installation.manage, options.token)),
    bringsCertificate: settings.tlsCert !== undefined,
    usualManage,
  }
  output.result(installation.ready, upScreen(screen, screenWidth(), output.paint))
  begin()
}

function accountsOf(forest: string): readonly string[] {
  return seedDirectoryOf(forestNamed(forest)).accounts.flatMap(({ mail }) => mail ?? [])
}

/** A seed file may have others in their place. */
async function hasDemoPeople(manage: string, token: string | undefined): Promise<boolean> {
  const found = ['alice', 'bob', 'mallory'].map((name) =>
    callManagement({ manage, token }, { method: 'GET', path: `/directory/accounts/${name}` }),
  )
  return Promise.all(found).then(
    () => true,
    () => false,
  )
}
