/** Public account certificates that a licensing-only cluster got from the root, kept for a while ([MS-RMSI] 1.3.4). */
import type { XrmlDocument } from '../xrml/document.js'
import { addSeconds } from '../xrml/times.js'

export interface PrecertifiedAccounts {
  get(sid: string, now: Date): XrmlDocument | undefined
  set(sid: string, certificate: XrmlDocument, now: Date): void
  /** One that turned out to be of no use. */
  forget(sid: string): void
}

interface Kept {
  readonly certificate: XrmlDocument
  readonly until: Date
}

/** Seconds. The certificate may be valid for a year, but an account that the root excludes gets another key. */
const longest = 300

/** The oldest goes when it is full. */
const most = 10_000

export function precertifiedAccounts(): PrecertifiedAccounts {
  const kept = new Map<string, Kept>()
  return {
    get(sid, now) {
      const found = kept.get(sid)
      if (found !== undefined && now < found.until) return found.certificate
      kept.delete(sid)
      return undefined
    },
    set(sid, certificate, now) {
      const [oldest] = kept.keys()
      if (kept.size >= most && oldest !== undefined) kept.delete(oldest)
      const [end, until] = [certificate.body.validity?.until, addSeconds(now, longest)]
      kept.set(sid, { certificate, until: end !== undefined && end < until ? end : until })
    },
    forget: (sid) => void kept.delete(sid),
  }
}
