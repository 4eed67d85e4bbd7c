/** An installation that ends with this process, however the process ends: also by a signal that comes while it starts. */
import { tmpdir } from 'node:os'
import { DatabaseAway } from '../cluster/store/database-away.js'
import type { StartedWith } from '../config/started-with.js'
import type { InstallationOptions } from '../installation/installation-options.js'
import { startInstallation, startInstallationBy, type Installation } from '../manage/start.js'
import { Failure, systemCode } from './failure.js'
import { reason } from './files.js'
import { endWithGrace } from './grace.js'
import { stopCode } from './stop-code.js'

export interface Ending {
  /** What a signal means when everything has started: 0 where it is the way to stop, 130 where it cuts work short. */
  readonly exitCode: 0 | 130
  /** Told what a signal makes us do. */
  readonly onStopping?: (text: string) => void
  /** Told of an error that nobody caught, before the process ends with exit code 1. */
  readonly onError?: (error: Error) => void
  /** Told when everything has stopped. */
  readonly onClosed?: () => void
}

/** Milliseconds: balancers and nodes finish their requests. */
const longestClose = 90_000
const stopping = 'Stopping: servers finish what they are doing. The same again ends everything at once.'

/** Its start was ended by a signal: the process ends by itself. */
class Stopped extends Error {
  override readonly name = 'Stopped'
}

/**
 * @param config what it says of itself; the options when left out
 * Never returns when a signal comes while it starts: the process ends with the exit code of the signal.
 * @throws Failure, and what `startInstallation` throws; nothing is left behind then
 */
export async function startOwnInstallation(
  options: InstallationOptions,
  { exitCode, onStopping, onError, onClosed }: Ending,
  config?: StartedWith,
): Promise<Installation> {
  const cut = new AbortController()
  let isReady = false
  const onSecondSignal = (signal: NodeJS.Signals): void => {
    onStopping?.(`${signal} again: everything ends at once, and what was temporary is removed.`)
    process.exit(stopCode(signal))
  }
  const cuttable = { ...options, signal: cut.signal }
  const starting = config === undefined ? startInstallation(cuttable) : startInstallationBy(config, cuttable)
  const atEnd = endWithGrace({ delay: longestClose, onSecondSignal }, async ({ err, signal }) => {
    const code = isReady ? exitCode : stopCode(signal)
    if (err !== undefined) onError?.(err)
    else if (signal !== undefined) onStopping?.(isReady ? stopping : 'Stopping, before everything has started.')
    cut.abort(new Stopped('Stopped while it was starting'))
    const installation = await starting.catch(() => undefined)
    await installation?.close()
    onClosed?.()
    if (err === undefined) process.exit(code)
  })
  try {
    const installation = await starting
    // It had started just when the signal came.
    if (cut.signal.aborted) await untilExit()
    isReady = true
    const close = async (): Promise<void> => {
      atEnd.uninstall()
      await installation.close()
    }
    return { ...installation, close }
  } catch (error) {
    if (cut.signal.aborted) await untilExit()
    atEnd.uninstall()
    throw explained(error, options)
  }
}

function untilExit(): Promise<never> {
  return new Promise(() => undefined)
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
          `${flag}, or --port 0 --manage-port 0 for any that are free`,
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new Failure(
        `--host ${host} is not an address of this machine. Give one that is, or 0.0.0.0 for all of them`,
      )
    // Of the lock of a temporary folder.
    case 'SQLITE_FULL':
    case 'ENOSPC':
      return new Failure(
        `There is no space left for files of the installation below ${data ?? tmpdir()}. Make room, or give another folder with --data`,
      )
    case 'EACCES':
      if (facts.syscall === 'listen')
        return new Failure(`This user may not listen on port ${port}. Choose one above 1023 with ${flag}`)
  }
  return aboutFolder(error, data) ?? error
}

/** undefined: it is not about the folder of the installation. */
function aboutFolder(error: unknown, data: string | undefined): Failure | undefined {
  const { syscall = '' } = error as { readonly syscall?: string }
  if (syscall === 'mkdtemp')
    return new Failure(
      `The folder ${tmpdir()} cannot be used: ${reason(error)}. Name another one with TMPDIR, or give --data`,
    )
  const isOurs = data !== undefined && ['mkdir', 'open', 'stat'].includes(syscall)
  return isOurs ? new Failure(`The data folder ${data} cannot be used: ${reason(error)}`) : undefined
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
  return error instanceof DatabaseAway ? '' : code
}
