/** What foreign clients are let loose on: a root node, and content that alice has published for bob. */
import type t from 'tap'
import { connect, type RmsClient } from '../../src/client/index.js'
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
  const alice = connect({ url: node.baseUrl, user: 'CONTOSO\\alice', password: seedPassword })
  const published = await alice.publishOnline({
    rights: [{ to: 'bob@contoso.test', rights: ['VIEW', 'PRINT'] }],
    applicationData: [{ name: 'Allow_Server_Editing', value: 'True' }],
  })
  const contentKey = Buffer.from(published.contentKey.key)
  return { node, url: (path) => `${node.baseUrl}${path}`, alice, pl: published.text, contentKey }
}

export function basicHeader(user: string, password: string = seedPassword): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}
