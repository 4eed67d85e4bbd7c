/** Ports of an installation's listeners: the one that was asked for, or the next one that is free. */
import { PortRefused } from './balancer-process.js'
import { portOf } from './seen-url.js'

export interface FreePorts {
  /** The port of this URL is in use from now on. */
  take(url: string): void
  /** It is free again. */
  release(url: string): void
  /**
   * Opens something at the port asked for; where none is, at the one that is preferred or the next free one.
   * @throws PortRefused
   */
  openAt<Result>(
    asked: number | undefined,
    preferred: number | undefined,
    open: (port: number) => Promise<Result>,
  ): Promise<Result>
}

/** How many ports are tried. */
const portsTried = 50

/** @param first where to look from; 0: any free one will do */
export function freePorts(first: number): FreePorts {
  const taken = new Set<number>()
  return {
    take: (url) => void taken.add(portOf(url)),
    release: (url) => void taken.delete(portOf(url)),
    openAt: async (asked, preferred, open) => {
      if (asked !== undefined || first === 0) return open(asked ?? 0)
      const following = Array.from({ length: portsTried + taken.size }, (_, index) => first + index)
      const candidates = [...(preferred === undefined ? [] : [preferred]), ...following].filter(
        (port) => !taken.has(port) && port <= 65_535,
      )
      let refused: unknown = new Error(`No port from ${first} on is left`)
      for (const port of candidates) {
        try {
          return await open(port)
        } catch (error) {
          if (!(error instanceof PortRefused)) throw error
          refused = error
        }
      }
      throw refused
    },
  }
}
