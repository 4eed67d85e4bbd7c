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

t.setTimeout(900_000)

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

t.test(
  'who is answered while a listener closes does not keep it open until the connection has been idle for a minute',
  async (t) => {
    // Below that minute.
    t.setTimeout(50_000)
    const installation = await startInstallation({ mode: 1 })
    const { host, port } = portOf(installation.manage)
    const socket = connect({ host, port })
    let text = ''
    socket.on('data', (chunk: Buffer) => void (text += chunk.toString()))
    const closed = once(socket, 'close')
    const body = JSON.stringify({ match: { operation: 'Certify' }, timeout: 'PT1S' })
    const head = ['POST /lab/journal/wait HTTP/1.1', `Host: ${host}:${port}`, 'Content-Type: application/json']
    socket.write(`${[...head, `Content-Length: ${body.length}`, 'Expect: 100-continue'].join('\r\n')}\r\n\r\n`)
    // It has come to the server then.
    await once(socket, 'data')
    socket.write(body)
    await installation.close()
    await closed
    t.match(text, /HTTP\/1.1 408/)
  },
)
