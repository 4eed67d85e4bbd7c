/** Whether a port can be listened on, found out before anything else is started. */
import { once } from 'node:events'
import { createServer } from 'node:net'

/** @param port 0 is always free @throws the system's error, with code and port */
export async function requireFreePort(host: string, port: number): Promise<void> {
  if (port === 0) return
  const server = createServer().listen(port, host)
  await once(server, 'listening')
  server.close()
  await once(server, 'close')
}
