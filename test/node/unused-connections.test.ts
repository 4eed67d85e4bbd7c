/**
 * A server that closes does not wait for clients that have connected and sent nothing. Node would, for a minute, and would end their wait with
 * 408: who is cut at once hears nothing.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { issueServerCertificate, makeLabCa } from '../../src/crypto/lab-ca.js'
import { systemClock as clock, systemRandom as random } from '../../src/effects.js'
import { startInstallation } from '../../src/manage/start.js'
import { startNode } from '../../src/node/start.js'

t.setTimeout(280_000)

interface Unused {
  /** Resolves when the server has closed the connection, with what it said before. */
  readonly told: Promise<string>
}

/** Connected, and known to the server, which has answered a later connection. */
async function unused(url: string, socket: Socket, event: string): Promise<Unused> {
  let text = ''
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => void (text += chunk.toString()))
  const told = once(socket, 'close').then(() => text)
  await once(socket, event)
  await (await fetch(`${url}/healthz`).catch(() => undefined))?.text()
  return { told }
}

const portOf = (url: string): { readonly host: string; readonly port: number } => ({
  host: '127.0.0.1',
  port: Number(new URL(url).port),
})

t.test('a node', async (t) => {
  const node = await startNode({ mode: 1 })
  const { told } = await unused(node.url, connect(portOf(node.url)), 'connect')
  await node.close()
  t.equal(await told, '')
})

t.test('a node with TLS', async (t) => {
  const ca = await makeLabCa({ clock, random })
  const node = await startNode({ mode: 1, tls: await issueServerCertificate(ca, ['127.0.0.1'], { clock, random }) })
  const { told } = await unused(node.url, connectTls({ ...portOf(node.url), ca: ca.cert }), 'secureConnect')
  await node.close()
  t.equal(await told, '')
})

t.test('management', async (t) => {
  const installation = await startInstallation({ mode: 1 })
  const { told } = await unused(installation.manage, connect(portOf(installation.manage)), 'connect')
  await installation.close()
  t.equal(await told, '')
})
