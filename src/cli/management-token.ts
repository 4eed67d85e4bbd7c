/** The token of a running installation, kept for the commands of the same account on this machine: a file that nobody else reads. */
import { closeSync, constants, fstatSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'

/**
 * @param manage management address of the installation
 * @returns removes the file
 */
export function keepToken(manage: string, token: string, log: Logger): () => void {
  const path = fileFor(manage)
  try {
    rmSync(path, { force: true })
    writeFileSync(path, token, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    log.warn(
      { path, why: (error as Error).message },
      'the token could not be kept for other commands: give it to them with --token',
    )
    return () => undefined
  }
  return () => rmSync(path, { force: true })
}

/** The token that an installation of this account at this address left; undefined when there is none. Another account's file does not count. */
export function findToken(manage: string): string | undefined {
  let file: number | undefined
  try {
    file = openSync(fileFor(manage), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
    const { uid } = fstatSync(file)
    return process.platform === 'win32' || uid === userInfo().uid ? readFileSync(file, 'utf8').trim() : undefined
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** In the system's folder for temporary files: it is gone after a restart of the machine, as the installation is. */
function fileFor(manage: string): string {
  const { port, protocol } = new URL(manage)
  const number = port === '' ? (protocol === 'https:' ? '443' : '80') : port
  return join(tmpdir(), `rms-emulator-${userInfo().username.replaceAll(/[^\w-]/g, '_')}-${number}.token`)
}
