/** node-forge, loaded by whoever first needs it: that takes as long as half of a server's own code, and most processes never do. */
import { createRequire } from 'node:module'
import type * as Forge from 'node-forge'

export type { Forge }

let loaded: typeof Forge | undefined

export function nodeForge(): typeof Forge {
  return (loaded ??= createRequire(import.meta.url)('node-forge') as typeof Forge)
}
