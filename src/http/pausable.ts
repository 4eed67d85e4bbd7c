/**
 * A server pauses a connection while the client is slow to take the last answer. Below TLS Node's parser goes on all the same to be given what
 * was decrypted with the last piece, and calls it malformed (HPE_PAUSED): a good request of more than one TLS record, sent before the whole
 * answer to the one before was out, got 400.
 */
import type { Server } from 'node:https'
import type { TLSSocket } from 'node:tls'

/** From a stream that is read by events nothing comes while it is paused: it is kept until the connection goes on. */
export function readPausably<Listening extends Server>(server: Listening): Listening {
  const nothing = (): void => undefined
  // Whoever listens to `data` takes the connection from the parser's hands, and the parser gets its data by events, too.
  server.on('secureConnection', (socket: TLSSocket) => void socket.on('data', nothing))
  return server
}
