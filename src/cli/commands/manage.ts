/** `manage`: the management API and page alone, for an installation whose nodes and balancers are started elsewhere. */
import type { Settings } from '../../config/options.js'
import type { StartedWith } from '../../config/started-with.js'
import { systemRandom } from '../../effects.js'
import { startManagementElsewhere } from '../../manage/elsewhere.js'
import { databaseOf } from '../database.js'
import { Failure } from '../failure.js'
import { endWithGrace } from '../grace.js'
import { keepToken } from '../keep-token.js'
import { createOutput, table } from '../output.js'
import { openServerLog } from '../server-log.js'
import { stopCode } from '../stop-code.js'

/** Milliseconds for running requests when it is stopped. */
const longestClose = 10_000

export async function manage(settings: Settings<'manage'>, config: StartedWith): Promise<void> {
  const database = databaseOf(settings)
  if (database === undefined)
    throw new Failure('Say where the installation is: --db PATH of its SQLite file, or --db postgres://…', 2)
  const output = createOutput(settings.json)
  const { log, begin } = await openServerLog(settings)
  const token = settings.token ?? systemRandom.bytes(18).toString('base64url')
  const starting = startManagementElsewhere({
    database,
    migrate: settings.migrate,
    keyPassword: settings.keyPassword,
    host: settings.manageHost,
    port: settings.managePort ?? 7080,
    token,
    lab: !settings.noLab,
    config,
    log,
  })
  let forgetToken = (): void => undefined
  let isReady = false
  let isStopping = false
  const grace = endWithGrace({ delay: longestClose }, async ({ err, signal }) => {
    isStopping = true
    if (err !== undefined) log.fatal({ err }, 'the process ends')
    const running = await starting.catch(() => undefined)
    await running?.close()
    forgetToken()
    if (err === undefined) process.exit(isReady ? 0 : stopCode(signal))
  })
  try {
    const { url } = await starting
    if (isStopping) return
    isReady = true
    begin()
    forgetToken = keepToken(url, token, log)
    const shown = settings.token === undefined ? token : 'as given'
    output.result(
      { event: 'ready', manage: url, ...(settings.token === undefined ? { token } : {}) },
      table([
        ['management', `${url}/docs`],
        ['management token', shown],
      ]),
    )
  } catch (error) {
    if (isStopping) return
    grace.uninstall()
    throw error
  }
}
