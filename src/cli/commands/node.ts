/** `node`: one server of a cluster. It joins what the database has and makes nothing; it leaves when it is stopped, or when its parent is gone. */
import { join } from 'node:path'
import closeWithGrace from 'close-with-grace'
import type { Settings } from '../../config/options.js'
import { systemRandom } from '../../effects.js'
import { schemesOf } from '../../identity/schemes.js'
import { readTlsFiles } from '../../manage/tls-files.js'
import { startNode } from '../../node/start.js'
import { Failure } from '../failure.js'
import { createLogger } from '../logger.js'
import { createOutput, table } from '../output.js'
import { endWithParent } from '../parent.js'

/** Milliseconds for running requests when it is stopped. */
const longestClose = 35_000

export async function node(settings: Settings<'node'>): Promise<void> {
  const { cluster, db } = settings
  // Before anything is awaited: a parent that dies meanwhile must not leave us behind.
  let end = (): void => process.exit(1)
  endWithParent(() => end())
  if (cluster === undefined) throw new Failure('Say which cluster to join: --cluster NAME', 2)
  if (db === undefined) throw new Failure('Say where the installation is: --db PATH of its SQLite file, or --db postgres://…', 2)
  const output = createOutput(settings.json)
  const log = createLogger(settings.logLevel)
  const tls = await readTlsFiles(settings.tlsCert, settings.tlsKey)
  const starting = startNode({
    database: db,
    cluster,
    provision: false,
    nodeId: settings.id ?? `${cluster}-${systemRandom.bytes(4).toString('hex')}`,
    keyPassword: settings.keyPassword,
    host: settings.host,
    port: settings.port ?? 0,
    engine: settings.signer,
    bodyLimit: settings.bodyLimit,
    requestTimeoutMilliseconds: settings.requestTimeout * 1000,
    includeXrmlInLog: settings.logXrml,
    tls,
    schemes: schemesOf(settings.schemes),
    ntlmLevel: settings.ntlm,
    ...(settings.data === undefined ? {} : { spoolFolder: join(settings.data, 'spool') }),
    spoolLimit: settings.spoolLimit,
    log,
  })
  const isChild = process.connected as boolean | undefined
  const grace = closeWithGrace({ delay: longestClose, logger: false, ...(isChild === true ? { skip: ['SIGINT'] } : {}) }, async ({ err }) => {
    if (err !== undefined) log.fatal({ err }, 'the process ends')
    const running = await starting.catch(() => undefined)
    await running?.close()
    if (err === undefined) process.exit(0)
  })
  end = () => grace.close()
  // A terminal sends it to everybody; who started us stops us, in order.
  if (isChild === true) process.on('SIGINT', () => undefined)
  try {
    const { nodeId, url, kind } = await starting
    const ready = { event: 'ready', id: nodeId, url, cluster, kind, pid: process.pid }
    output.result(ready, table([['node', nodeId], ['cluster', `${cluster} (${kind})`], ['URL', url], ['API pages', `${url}/docs`]]))
  } catch (error) {
    grace.uninstall()
    throw error
  }
}
