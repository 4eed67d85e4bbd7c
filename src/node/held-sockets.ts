/** Connections on which nothing is said any more, because the lab wants it so. */
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'

interface HeldSockets {
  readonly hold: (socket: Socket) => void
  readonly free: (socket: Socket) => void
  /** A server that stops ends them, and those that would be held from now on. */
  readonly letGo: () => void
}

declare module 'fastify' {
  interface FastifyInstance {
    held: HeldSockets
  }
}

/** To be called before there are routes. */
export function canHold(app: FastifyInstance): void {
  const held = heldSockets()
  app.decorate('held', held)
  app.addHook('preClose', (done) => {
    held.letGo()
    done()
  })
}

function heldSockets(): HeldSockets {
  const held = new Set<Socket>()
  let isOver = false
  return {
    hold: (socket) => {
      if (isOver) socket.destroy()
      held.add(socket)
    },
    free: (socket) => void held.delete(socket),
    letGo: () => {
      isOver = true
      for (const socket of held) socket.destroy()
    },
  }
}

/** Nothing is said to the client until then, or until it is gone. */
export function heldUntil({ raw: { socket }, server: { held } }: FastifyRequest, ends: AbortSignal): Promise<void> {
  held.hold(socket)
  return new Promise((resolve) => {
    const goOn = (): void => {
      socket.removeListener('close', goOn)
      ends.removeEventListener('abort', goOn)
      held.free(socket)
      resolve()
    }
    if (ends.aborted || socket.destroyed) {
      goOn()
      return
    }
    ends.addEventListener('abort', goOn, { once: true })
    socket.once('close', goOn)
  })
}
