/** Keeps the token of an installation for other commands, for as long as this process lives. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { makeTemporaryFolder } from '../installation/temporary-folder.js'
import { placeOf, tokenFileName, type KeptToken } from './management-token.js'

/**
 * @param manage management address of the installation
 * @returns removes it
 */
export function keepToken(manage: string, token: string, log: Logger): () => void {
  try {
    const folder = makeTemporaryFolder()
    const kept: KeptToken = { token, place: placeOf(manage) }
    writeFileSync(join(folder.path, tokenFileName), JSON.stringify(kept), { flag: 'wx', mode: 0o600 })
    return () => folder.remove()
  } catch (error) {
    log.warn(
      { why: (error as Error).message },
      'the token could not be kept for other commands: give it to them with --token',
    )
    return () => undefined
  }
}
