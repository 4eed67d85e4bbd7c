/** A server that closes does not wait for clients that have connected and sent nothing: Node would, for a minute. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { issueServerCertificate, makeLabCa } from '../../src/crypto/lab-ca.js'
import { systemClock as clock, systemRandom as random } from '../../src/effects.js'
import { startInstallation } from '../../src/manage/installation.js'
import { startNode } from '../../src/node/start.js'

const patience = { timeout: 20_000 }

/** Connected, and known to the server, which has answered a later connection. */
async function unused(url: string, socket: Socket, event: string): Promise<Socket> {
  socket.on('error', () => undefined)
  await once(socket, event)
  await (await fetch(`${url}/healthz`).catch(() => undefined))?.text()
  return socket
}

const portOf = (url: string): { readonly host: string; readonly port: number } => ({
  host: '127.0.0.1',
  port: Number(new URL(url).port),
})

t.test('a node', patience, async (t) => {
  const node = await startNode({ mode: 1 })
  const socket = await unused(node.url, connect(portOf(node.url)), 'connect')
  const closed = once(socket, 'close')
  await node.close()
  await closed
  t.pass('closed')
})

t.test('a node with TLS', patience, async (t) => {
  const ca = await makeLabCa({ clock, random })
  const node = await startNode({ mode: 1, tls: await issueServerCertificate(ca, ['127.0.0.1'], { clock, random }) })
  const socket = await unused(node.url, connectTls({ ...portOf(node.url), ca: ca.cert }), 'secureConnect')
  const closed = once(socket, 'close')
  await node.close()
  await closed
  t.pass('closed')
})

t.test('management', patience, async (t) => {
  const installation = await startInstallation({ mode: 1 })
  await unused(installation.manage, connect(portOf(installation.manage)), 'connect')
  await installation.close()
  t.pass('closed')
})
