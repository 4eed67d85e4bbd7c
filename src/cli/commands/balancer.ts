/**
 * `balancer`: the front door of clusters as a process of its own. Its nodes stand in a file, which SIGHUP reads again, or are asked for at a URL.
 * SIGTERM finishes what runs and ends.
 */
import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { startBalancer, type RunningBalancer } from '../../balancer/balancer.js'
import { parseClusters } from '../../balancer/node-list.js'
import { followNodes } from '../../balancer/node-source.js'
import type { ClusterOptions, NodeEntry } from '../../balancer/options.js'
import type { Settings } from '../../config/options.js'
import { systemTimers } from '../../effects.js'
import { trustedProxiesOf } from '../../http/trusted-proxies.js'
import { readTlsFiles } from '../../installation/tls-pair.js'
import { Failure } from '../failure.js'
import { endWithGrace } from '../grace.js'
import { openServerLog } from '../server-log.js'
import { createOutput, table } from '../output.js'
import { endWithParent } from '../parent.js'
import { requireTlsPair } from '../tls-flags.js'

export async function balancer(settings: Settings<'balancer'>): Promise<void> {
  // Started by another process with a channel: when that one is gone, nobody needs this one.
  let end = (): void => process.exit(1)
  endWithParent(() => end())
  requireTlsPair(settings)
  const output = createOutput(settings.json)
  const { log, begin } = await openServerLog(settings)
  const { nodes } = settings
  if (nodes === undefined)
    throw new Failure(
      'The balancer needs --nodes: the JSON file that names clusters, listeners and nodes, or the URL where the nodes of --cluster are to be had',
      2,
    )
  const isFollowed = /^https?:\/\//i.test(nodes)
  const clusters = isFollowed ? [clusterOf(settings)] : await readNodeList(nodes)
  const drainTimeout = settings.drainTimeout * 1000
  const running = await startBalancer({
    clusters,
    tls: await readTlsFiles(settings.tlsCert, settings.tlsKey),
    status: { host: settings.statusHost, port: settings.statusPort, token: settings.balancerToken },
    listenerKey: settings.listenerKey,
    trustedProxies: settings.trustedProxies === undefined ? undefined : trustedProxiesOf(settings.trustedProxies),
    limits: {
      bodyBytes: settings.bodyLimit,
      headerBytes: settings.headerLimit,
      keptBody: settings.bodyLimit,
      connections: settings.maxConnections,
      // A node gives up after its own time; the balancer outlasts it, so that the node's answer is what the client gets.
      answerTimeout: settings.requestTimeout * 2000,
      requestTimeout: settings.requestTimeout * 2000,
      checkInterval: settings.checkInterval,
      drainTimeout,
    },
    log,
  })
  begin()
  const unfollow = isFollowed ? follow(running, nodes, settings, log) : undefined
  const onHangup = (): void => void (isFollowed ? undefined : reload(running, nodes, log))
  process.on('SIGHUP', onHangup)
  // A terminal sends SIGINT to everybody; who started us with a channel stops us, in order.
  const isChild = process.connected as boolean | undefined
  if (isChild === true) process.on('SIGINT', () => undefined)
  const grace = endWithGrace(
    { delay: drainTimeout + 5000, skip: isChild === true ? ['SIGHUP', 'SIGINT'] : ['SIGHUP'] },
    async ({ err }) => {
      if (err) log.fatal({ err }, 'the process ends')
      process.off('SIGHUP', onHangup)
      unfollow?.()
      await running.close()
    },
  )
  end = () => grace.close()
  const ready = {
    event: 'ready',
    clusters: running.clusters,
    status: running.statusUrl,
    ...(settings.balancerToken === undefined ? { token: running.token } : {}),
  }
  if (process.connected) process.send?.(ready)
  const listeners = running.clusters.flatMap(({ name, listeners }) =>
    listeners.map((listener) => [`${name}, ${listener.name}`, listener.url]),
  )
  output.result(
    ready,
    table([...listeners, ['status', running.statusUrl], ['balancer token', ready.token ?? 'as given']]),
  )
}

/** The one cluster that flags describe; its nodes come when they are first asked for. */
function clusterOf({ cluster, host, port }: Settings<'balancer'>): ClusterOptions {
  if (cluster === undefined) throw new Failure('Say before which cluster the balancer stands: --cluster NAME', 2)
  return { name: cluster, listeners: [{ name: 'intranet', host, port: port ?? 0 }], nodes: [] }
}

function follow(
  running: RunningBalancer,
  url: string,
  { cluster = '', token, checkInterval: interval }: Settings<'balancer'>,
  log: Logger,
): () => void {
  // Nodes that leave finish their requests meanwhile.
  const take = (nodes: readonly NodeEntry[]): void => void running.setNodes(cluster, nodes)
  return followNodes({ url, token, interval }, take, { log, timers: systemTimers })
}

async function readNodeList(file: string): Promise<readonly ClusterOptions[]> {
  try {
    return parseClusters(await readFile(file, 'utf8'))
  } catch (error) {
    throw new Failure(`The node list ${file} cannot be used. ${(error as Error).message}`)
  }
}

/** A list that is wrong changes nothing. Clusters and listeners are those of the start: a changed one is named in the log. */
async function reload(running: RunningBalancer, file: string, log: Logger): Promise<void> {
  try {
    const clusters = await readNodeList(file)
    const known = new Set(running.clusters.map(({ name }) => name))
    const strange = clusters.filter(({ name }) => !known.has(name)).map(({ name }) => name)
    if (strange.length > 0)
      log.error(
        { clusters: strange },
        'a new cluster in the node list needs a restart of the balancer; it is passed over',
      )
    const changes = clusters
      .filter(({ name }) => known.has(name))
      .map(({ name, nodes }) => running.setNodes(name, nodes))
    log.info({ file }, 'node list read again')
    await Promise.all(changes)
  } catch (error) {
    log.error({ err: error }, 'the node list stays as it was')
  }
}
