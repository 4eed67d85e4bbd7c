/** Clients, and a port, for tests of `up`. */
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { connect, labTrustRoot, readyMachine, type ClientContext, type RmsClient } from '../../src/client/index.js'
import { seedPassword } from '../../src/directory/seed.js'
import { systemClock, systemRandom } from '../../src/effects.js'

export const forBob = { rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] }
export const content = Buffer.from('figures')

export function connectTo(
  url: string,
  user: string,
  more: { folder?: string; anonymous?: boolean; mode?: 1 | 2 } = {},
): RmsClient {
  const { folder, anonymous = false, mode = 2 } = more
  const credentials = anonymous ? {} : { user: `CONTOSO\\${user}`, password: seedPassword }
  return connect({
    url,
    ...credentials,
    machine: readyMachine(`${user}-pc-mode${mode}`),
    ...(folder === undefined ? {} : { folder }),
  })
}

/** For calls at an address that the documents do not name. */
export function signedInAs(user: string): ClientContext {
  const credentials = { user: `CONTOSO\\${user}`, password: seedPassword }
  return { credentials, trustRoots: [labTrustRoot(2)], clock: systemClock, random: systemRandom }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '0.0.0.0')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
