/** Public account certificates that a licensing-only cluster got from the root, kept for their validity ([MS-RMSI] 1.3.4). */
import type { XrmlDocument } from '../xrml/document.js'

export interface PrecertifiedAccounts {
  get(sid: string, now: Date): XrmlDocument | undefined
  set(sid: string, certificate: XrmlDocument): void
}

/** The oldest goes when it is full. */
const most = 10_000

export function precertifiedAccounts(): PrecertifiedAccounts {
  const kept = new Map<string, XrmlDocument>()
  return {
    get(sid, now) {
      const certificate = kept.get(sid)
      const until = certificate?.body.validity?.until
      if (until !== undefined && now < until) return certificate
      kept.delete(sid)
      return undefined
    },
    set(sid, certificate) {
      const [oldest] = kept.keys()
      if (kept.size >= most && oldest !== undefined) kept.delete(oldest)
      kept.set(sid, certificate)
    },
  }
}
