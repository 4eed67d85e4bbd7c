/** One address for installations that come one after the other: what is said at it goes on to the one of the moment, and the bodies are kept in order. */
import { createHash } from 'node:crypto'
import { Agent, createServer, request, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'

export interface RecordingDoor {
  /** Without a path. */
  readonly url: string
  /** Where it leads from now on, to several in turn; what was kept is gone. NTLM needs one alone. */
  leadTo(...targets: readonly string[]): void
  /** What was asked and answered since then, for people who look for the difference. */
  transcript(): readonly string[]
  /** SHA-256 of all bodies. */
  digest(): string
  close(): Promise<void>
}

const ofConnection: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length'])

export async function openRecordingDoor(): Promise<RecordingDoor> {
  let targets: readonly string[] = []
  let turn = 0
  let lines: string[] = []
  /** NTLM signs in a connection: each of a client has its own one behind. */
  const agents = new WeakMap<Socket, Agent>()
  const agentOf = (socket: Socket): Agent => {
    const agent = agents.get(socket) ?? new Agent({ keepAlive: true, maxSockets: 1 })
    if (!agents.has(socket)) socket.once('close', () => agent.destroy())
    agents.set(socket, agent)
    return agent
  }
  const server = createServer((incoming, outgoing) => {
    const forward = async (): Promise<void> => {
      const body = await buffer(incoming)
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const { method, url: path, headers, socket } = incoming
        const { hostname, port } = new URL(targets[turn++ % targets.length] ?? '')
        request({ hostname, port, method, path, headers, agent: agentOf(socket) }, resolve)
          .once('error', reject)
          .end(body)
      })
      const answered = await buffer(answer)
      lines.push(`${incoming.method} ${incoming.url}\n${body.toString('latin1')}`)
      lines.push(`${answer.statusCode}\n${answered.toString('latin1')}`)
      const kept = Object.entries(answer.headers).filter(([name]) => !ofConnection.has(name))
      outgoing.writeHead(answer.statusCode ?? 500, { ...Object.fromEntries(kept), 'content-length': answered.length })
      outgoing.end(answered)
    }
    forward().catch((error: unknown) => outgoing.destroy(error as Error))
  })
  await listening(server)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo: (...next) => {
      targets = next
      turn = 0
      lines = []
    },
    transcript: () => lines,
    digest: () => createHash('sha256').update(lines.join('\n\n'), 'latin1').digest('hex'),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve) => void server.listen(0, '127.0.0.1', () => resolve()))
}
