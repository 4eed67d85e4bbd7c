/** An installation that ends with this process, however the process ends: also by a signal that comes while it starts. */
import closeWithGrace from 'close-with-grace'
import { DatabaseAway } from '../cluster/store/database-away.js'
import { startInstallation, type Installation, type InstallationOptions } from '../manage/installation.js'
import { Failure, systemCode } from './failure.js'
import { reason } from './files.js'

export interface Ending {
  /** What a signal means: 0 where it is the way to stop, 130 where it cuts work short. */
  readonly exitCode: 0 | 130
  /** Told of an error that nobody caught, before the process ends with exit code 1. */
  readonly onError?: (error: Error) => void
  /** Told when everything has stopped. */
  readonly onClosed?: () => void
}

/** Milliseconds: balancers and nodes finish their requests. */
const longestClose = 90_000

/** @throws Failure, and what `startInstallation` throws; nothing is left behind then */
export async function startOwnInstallation(
  options: InstallationOptions,
  { exitCode, onError, onClosed }: Ending,
): Promise<Installation> {
  const starting = startInstallation(options)
  const atEnd = closeWithGrace({ delay: longestClose, logger: false }, async ({ err }) => {
    if (err !== undefined) onError?.(err)
    const installation = await starting.catch(() => undefined)
    await installation?.close()
    onClosed?.()
    if (err === undefined) process.exit(exitCode)
  })
  try {
    const installation = await starting
    const close = async (): Promise<void> => {
      atEnd.uninstall()
      await installation.close()
    }
    return { ...installation, close }
  } catch (error) {
    atEnd.uninstall()
    throw explained(error, options)
  }
}

/** The system's errors with the setting that they are about. */
function explained(error: unknown, options: InstallationOptions): unknown {
  const facts = error as { readonly syscall?: string; readonly port?: number; readonly address?: string }
  const { host, data } = options
  const port = facts.port ?? options.port ?? 0
  const flag = portFlag(port, options)
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return new Failure(
        `Port ${port} of ${facts.address ?? host ?? '127.0.0.1'} is taken, perhaps by another rms-emulator. Stop what uses it, or choose another one: ` +
          `${flag}, or --port 0 for any free ports`,
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new Failure(
        `--host ${host} is not an address of this machine. Give one that is, or 0.0.0.0 for all of them`,
      )
    case 'SQLITE_NOTADB':
      return new Failure('The database is no SQLite file. Give --data another folder, or --db another file')
    case 'EACCES':
      if (facts.syscall === 'listen')
        return new Failure(`This user may not listen on port ${port}. Choose one above 1023 with ${flag}`)
  }
  const isAboutFolder = facts.syscall === 'mkdir' || facts.syscall === 'open'
  return isAboutFolder && data !== undefined
    ? new Failure(`The data folder ${data} cannot be used: ${reason(error)}`)
    : error
}

/** The setting that a port came from. */
function portFlag(port: number, { managePort, extranet = [] }: InstallationOptions): string {
  const outside = extranet.find((listener) => listener.port === port)
  if (outside !== undefined) return `--extranet ${outside.name}=PORT`
  return port === managePort ? '--manage-port N' : '--port N'
}

/** What a database says of itself is enough: its causes are not about our addresses. */
function codeOf(error: unknown): string {
  const code = systemCode(error)
  return error instanceof DatabaseAway && code !== 'SQLITE_NOTADB' ? '' : code
}
