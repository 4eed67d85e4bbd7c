/** Client connections that sign in by NTLM or Negotiate: each owns one connection to one node, shared with nobody and closed with it. */
import type { Socket } from 'node:net'
import { Client } from 'undici'
import type { BalancedCluster } from './cluster.js'
import { tellWhenIdle, type BalancedNode, type PinnedConnection } from './node.js'
import type { Limits } from './options.js'

/** The way of a pinned client connection to its node. */
export interface Pin {
  readonly node: BalancedNode
  readonly client: Client
  /** Whether the node's connection is gone: who was signed in on it is so no longer. */
  isClosed(): boolean
  /** Whether the node drains: the client connection ends with its next answer that asks for nothing more. */
  isLeaving(): boolean
  begin(): void
  /** The request's answer has been given. @param inDialogue it asks for the next message of a sign-in */
  end(inDialogue: boolean): void
  /** The request goes another way; the client connection stays. */
  abandon(): void
}

export interface Pinning {
  isPinned(socket: Socket): boolean
  /** From now on the client connection never uses a shared connection. */
  mark(socket: Socket): void
  /** The client connection's own way; a new one, to the node whose turn it is, when there is none or it is closed. Undefined: no node is ready. */
  wayOf(socket: Socket, tried: ReadonlySet<BalancedNode>): Pin | undefined
  /** The way that is open now, if any. */
  openWay(socket: Socket): Pin | undefined
  /** Whether it ever had one. */
  hadWay(socket: Socket): boolean
  count(): number
}

export function createPinning(cluster: BalancedCluster, limits: Limits): Pinning {
  const pinned = new WeakMap<Socket, { pin: Pin | undefined }>()
  let count = 0

  function openPin(socket: Socket, node: BalancedNode): Pin {
    const client = new Client(new URL(node.url).origin, {
      ...node.connection,
      keepAliveTimeout: limits.idleTimeout,
      keepAliveMaxTimeout: limits.idleTimeout,
    })
    let closed = false
    let leaving = false
    let inDialogue = false
    let running = 0
    let abandoned = false

    const endWhenIdle = (): void => {
      if (running === 0 && !abandoned && (closed || !inDialogue)) socket.end()
    }
    const held: PinnedConnection = {
      release: () => {
        leaving = true
        endWhenIdle()
      },
      destroy: () => socket.destroy(),
    }
    const close = (): void => {
      if (closed) return
      closed = true
      socket.off('close', close)
      void client.destroy()
      node.pins.delete(held)
      tellWhenIdle(node)
    }
    node.pins.add(held)
    socket.once('close', close)
    // A connection that never came about is the request's failure, not the pin's end: it may try another node.
    client.on('disconnect', () => {
      close()
      endWhenIdle()
    })
    return {
      node,
      client,
      isClosed: () => closed || client.destroyed,
      isLeaving: () => leaving,
      begin: () => void running++,
      end: (dialogue) => {
        running--
        inDialogue = dialogue
        if (leaving || closed) endWhenIdle()
      },
      abandon: () => {
        abandoned = true
        close()
      },
    }
  }

  return {
    isPinned: (socket) => pinned.has(socket),
    mark: (socket) => {
      if (pinned.has(socket)) return
      pinned.set(socket, { pin: undefined })
      count++
      socket.once('close', () => void count--)
    },
    openWay: (socket) => {
      const pin = pinned.get(socket)?.pin
      return pin === undefined || pin.isClosed() ? undefined : pin
    },
    wayOf: (socket, tried) => {
      const entry = pinned.get(socket)
      if (entry?.pin?.isClosed() === false && !tried.has(entry.pin.node)) return entry.pin
      const node = cluster.next(tried)
      if (entry === undefined || node === undefined) return undefined
      entry.pin?.abandon()
      entry.pin = openPin(socket, node)
      return entry.pin
    },
    hadWay: (socket) => pinned.get(socket)?.pin !== undefined,
    count: () => count,
  }
}
