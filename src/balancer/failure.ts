/** What an error on the way to a node tells: of the node, of this machine, or of the request. */

/** Nobody is there who takes connections. */
const refusals = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENOTFOUND'])

/** This machine or process has no more of something, as when clients use all of it. Nothing is known of the node. */
const shortages = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'EADDRINUSE', 'ENOBUFS', 'ENOMEM', 'EAGAIN'])

/** Taken, and then cut, or not answered. */
const cuts = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'])

type Coded = Error & { readonly code?: string | undefined }

/** The node does not take connections: nothing that a client sends makes it so. */
export function isRefusedConnection({ code = '' }: Coded): boolean {
  return refusals.has(code)
}

export function isCut({ code = '' }: Coded): boolean {
  return cuts.has(code)
}

export function isShortage({ code = '' }: Coded): boolean {
  return shortages.has(code)
}
