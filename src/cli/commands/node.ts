/** `node`: one server of a cluster. It joins what the database has and makes nothing; it leaves when it is stopped, or when its parent is gone. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Settings } from '../../config/options.js'
import type { StartedWith } from '../../config/started-with.js'
import { usefulThreads } from '../../crypto/signing-threads.js'
import { pause, systemRandom, systemTimers } from '../../effects.js'
import { trustedProxiesOf } from '../../http/trusted-proxies.js'
import { schemesOf } from '../../identity/schemes.js'
import { readTlsFiles } from '../../installation/tls-pair.js'
import { keepHeapSmall } from '../../node/small-heap.js'
import { startNode, type NodeOptions } from '../../node/start.js'
import { profiles } from '../../soap/profile.js'
import { databaseOf } from '../database.js'
import { emulatedServerOf } from '../emulated-server.js'
import { Failure } from '../failure.js'
import { journalOf } from '../journal-settings.js'
import { endWithGrace } from '../grace.js'
import { openServerLog } from '../server-log.js'
import { createOutput, table } from '../output.js'
import { endWithParent, wordOfParent } from '../parent.js'
import { withoutPath } from '../public-url.js'
import { requireTlsPair } from '../tls-flags.js'
import { stopCode } from '../stop-code.js'

/** Milliseconds for running requests when it is stopped. */
const longestClose = 35_000

export async function node(settings: Settings<'node'>, config: StartedWith): Promise<void> {
  const place = placeOf(settings)
  // Before anything is awaited: a parent that dies meanwhile must not leave us behind.
  let end = (): void => process.exit(1)
  endWithParent(() => end())
  requireTlsPair(settings)
  const output = createOutput(settings.json)
  const { log, begin } = await openServerLog(settings)
  const tls = await readTlsFiles(settings.tlsCert, settings.tlsKey)
  // Loading takes most of a start: it is done while the parent makes the cluster.
  await wordOfParent()
  const isChild = (process.connected as boolean | undefined) === true
  const starting = startNode({
    ...optionsOf(settings),
    ...place,
    tls,
    log,
    // Who starts it as a child says itself what it was told.
    ...(isChild ? {} : { config }),
  })
  let isReady = false
  let isStopping = false
  const grace = endWithGrace(
    {
      delay: longestClose + settings.leaveTime * 1000,
      ...(isChild ? { skip: ['SIGINT'] } : {}),
    },
    async ({ err, signal }) => {
      isStopping = true
      if (err !== undefined) log.fatal({ err }, 'the process ends')
      const running = await starting.catch(() => undefined)
      // Who started us has told its balancer before.
      if (running !== undefined && err === undefined && !isChild) {
        await running.leave()
        await pause(systemTimers, settings.leaveTime * 1000)
      }
      await running?.close()
      if (err === undefined) process.exit(isReady ? 0 : stopCode(signal))
    },
  )
  end = () => grace.close()
  // A terminal sends it to everybody; who started us stops us, in order.
  if (isChild) process.on('SIGINT', () => undefined)
  try {
    const { nodeId, url, kind } = await starting
    if (isStopping) return
    isReady = true
    begin()
    // Not before: a heap that grows while the program is loaded would be searched again and again.
    keepHeapSmall()
    const ready = { event: 'ready', id: nodeId, url, cluster: place.cluster, kind, pid: process.pid }
    output.result(
      ready,
      table([
        ['node', nodeId],
        ['cluster', `${place.cluster} (${kind})`],
        ['URL', url],
        ['API pages', `${url}/docs`],
      ]),
    )
  } catch (error) {
    if (isStopping) return
    grace.uninstall()
    throw error
  }
}

/** @throws Failure when the settings leave open where it is to serve, or say two things */
function placeOf(settings: Settings<'node'>): { readonly cluster: string; readonly database: string } {
  const { cluster, keepDocuments, noLab } = settings
  const database = databaseOf(settings)
  if (cluster === undefined) throw new Failure('Say which cluster to join: --cluster NAME', 2)
  if (database === undefined)
    throw new Failure('Say where the installation is: --db PATH of its SQLite file, or --db postgres://…', 2)
  if (keepDocuments && noLab)
    throw new Failure('Documents are kept by the lab: leave out one of them, --keep-documents or --no-lab', 2)
  return { cluster, database }
}

function optionsOf(settings: Settings<'node'>): Partial<NodeOptions> {
  return {
    migrate: settings.migrate,
    provision: false,
    nodeId: settings.id ?? `${settings.cluster}-${systemRandom.bytes(4).toString('hex')}`,
    keyPassword: settings.keyPassword,
    host: settings.host,
    port: settings.port ?? 0,
    ownUrl: settings.nodeUrl === undefined ? undefined : new URL(settings.nodeUrl).origin,
    rootUrl: settings.rootUrl === undefined ? undefined : withoutPath(settings.rootUrl),
    engine: settings.signer,
    signerThreads: settings.signerThreads ?? usefulThreads(availableParallelism()),
    bodyLimit: settings.bodyLimit,
    headerLimit: settings.headerLimit,
    requestTimeoutMilliseconds: settings.requestTimeout * 1000,
    includeXrmlInLog: settings.logXrml,
    headerFaults: settings.headerFaults,
    profile: profiles[settings.profile],
    requestLogBound: { days: settings.requestLogDays, rows: settings.requestLogRows },
    journal: settings.noLab ? undefined : journalOf(settings),
    keepDocuments: settings.keepDocuments,
    listenerKey: settings.listenerKey,
    ...(settings.trustedProxies === undefined ? {} : { trustedProxies: trustedProxiesOf(settings.trustedProxies) }),
    schemes: schemesOf(settings.schemes),
    ntlmLevel: settings.ntlm,
    ...(settings.data === undefined ? {} : { spoolFolder: join(settings.data, 'spool') }),
    spoolLimit: settings.spoolLimit,
    emulatedServer: emulatedServerOf(settings),
    lab: !settings.noLab,
  }
}
