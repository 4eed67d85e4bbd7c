/** What foreign clients are let loose on: a root node, and content that alice has published for bob. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type t from 'tap'
import { startBalancer } from '../../src/balancer/balancer.js'
import { connect, readyMachine, type RmsClient } from '../../src/client/index.js'
import { serverEndpoints } from '../../src/cluster/configuration.js'
import { seedPassword } from '../../src/directory/seed.js'
import { startNode, type RunningNode } from '../../src/node/start.js'

export interface Scene {
  readonly node: RunningNode
  /** Full URL of a service, by its path below `/_wmcs`. */
  readonly url: (path: string) => string
  /** Our own client, whose content the foreign ones are to read. */
  readonly alice: RmsClient
  /** PL for bob (VIEW, PRINT), signed by the server. */
  readonly pl: string
  readonly contentKey: Buffer
}

/** The lists as they are after installation, with a person on two of them. */
const serviceGroup = 'CONTOSO\\RMS Service Group'
const admittedGroups = {
  ...Object.fromEntries(serverEndpoints.map((endpoint) => [endpoint, [serviceGroup]])),
  '/certification/servercertification.asmx': [serviceGroup, 'bob@contoso.test'],
  '/certification/mobilecertification.asmx': [serviceGroup, 'bob@contoso.test'],
}

export async function openScene(test: Pick<typeof t, 'teardown'>): Promise<Scene> {
  const node = await startNode({ settings: { admittedGroups } })
  test.teardown(() => node.close())
  const alice = connect({
    url: node.baseUrl,
    user: 'CONTOSO\\alice',
    password: seedPassword,
    machine: readyMachine('alice-pc-mode2'),
  })
  const published = await alice.publishOnline({
    rights: [{ to: 'bob@contoso.test', rights: ['VIEW', 'PRINT'] }],
    applicationData: [{ name: 'Allow_Server_Editing', value: 'True' }],
  })
  const contentKey = Buffer.from(published.contentKey.key)
  return { node, url: (path) => `${node.baseUrl}${path}`, alice, pl: published.text, contentKey }
}

export interface BalancedScene {
  /** Base URL of the cluster, with /_wmcs, at the balancer. */
  readonly baseUrl: string
  /** For further nodes. */
  readonly database: string
  /** PL for bob (VIEW, PRINT), signed by the server. */
  readonly pl: string
  readonly contentKey: Buffer
}

/** The same behind a balancer with two nodes. */
export async function openBalancedScene(test: Pick<typeof t, 'teardown'>): Promise<BalancedScene> {
  const folder = await mkdtemp(join(tmpdir(), 'rms-scene-'))
  test.teardown(() => rm(folder, { recursive: true, force: true }))
  const database = join(folder, 'rms.sqlite')
  const listeners = [{ name: 'intranet', host: '127.0.0.1', port: 0 }]
  const balancer = await startBalancer({ clusters: [{ name: 'root', listeners, nodes: [] }] })
  test.teardown(() => balancer.close())
  const publicUrl = balancer.clusters[0]?.listeners[0]?.url ?? ''
  const nodes: RunningNode[] = []
  for (const nodeId of ['root-1', 'root-2']) {
    nodes.push(
      await startNode({ database, publicUrl, nodeId, provision: nodeId === 'root-1', settings: { admittedGroups } }),
    )
  }
  test.teardown(() => Promise.all(nodes.map((node) => node.close())))
  await balancer.setNodes(
    'root',
    nodes.map(({ nodeId: id, url }) => ({ id, url })),
  )
  await balancer.waitUntil(({ clusters }) => clusters[0]?.nodes.every(({ state }) => state === 'ready') === true)
  const alice = connect({
    url: publicUrl,
    user: 'CONTOSO\\alice',
    password: seedPassword,
    machine: readyMachine('alice-pc-mode2'),
  })
  const published = await alice.publishOnline({ rights: [{ to: 'bob@contoso.test', rights: ['VIEW', 'PRINT'] }] })
  return {
    baseUrl: `${publicUrl}/_wmcs`,
    database,
    pl: published.text,
    contentKey: Buffer.from(published.contentKey.key),
  }
}

export function basicHeader(user: string, password: string = seedPassword): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}
