/** Public account certificates that a licensing-only cluster got from the root, kept for a while ([MS-RMSI] 1.3.4). */
import type { Clock } from '../effects.js'
import type { XrmlDocument } from '../xrml/document.js'
import { isWithin } from '../xrml/times.js'

export interface PrecertifiedAccounts {
  get(sid: string, now: Date): XrmlDocument | undefined
  set(sid: string, certificate: XrmlDocument): void
  /** One that turned out to be of no use. */
  forget(sid: string): void
  forgetAll(): void
}

interface Kept {
  readonly certificate: XrmlDocument
  /** Of the clock that never goes back: the forest's may be set to any time. */
  readonly since: number
}

/** Milliseconds. The certificate may be valid for a year, but an account that the root excludes gets another key. */
const longest = 300_000

/** The oldest goes when it is full. */
const most = 10_000

export function precertifiedAccounts({ monotonic }: Pick<Clock, 'monotonic'>): PrecertifiedAccounts {
  const kept = new Map<string, Kept>()
  return {
    get(sid, now) {
      const found = kept.get(sid)
      if (found !== undefined && monotonic() - found.since < longest && isValid(found.certificate, now))
        return found.certificate
      kept.delete(sid)
      return undefined
    },
    set(sid, certificate) {
      const [oldest] = kept.keys()
      if (kept.size >= most && oldest !== undefined) kept.delete(oldest)
      kept.set(sid, { certificate, since: monotonic() })
    },
    forget: (sid) => void kept.delete(sid),
    forgetAll: () => kept.clear(),
  }
}

function isValid({ body: { validity } }: XrmlDocument, now: Date): boolean {
  return validity === undefined || isWithin(validity, now)
}
