/** How a command ends when it cannot do its work: what people and programs are told, and the exit code. The one place that knows which. */
import { exceptions } from '../exceptions.js'
import { restExceptions } from '../rest-exceptions.js'

/** What `--help` and the README say. */
export const exitCodes = [
  { code: 0, event: '', meaning: 'done' },
  { code: 1, event: 'failed', meaning: 'not reachable, not signed in, not found, not good, not there' },
  { code: 2, event: 'usage', meaning: 'asked for in a wrong way: nothing was done' },
  { code: 3, event: 'refused', meaning: 'by the rules of RMS: no rights, excluded, expired, decommissioned …' },
] as const

export type ExitCode = 1 | 2 | 3

export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exitCode: ExitCode | undefined
  /** @param exitCode that of the cause when left out, 1 without one */
  constructor(message: string, exitCode?: ExitCode, cause?: unknown) {
    super(message, { cause })
    this.exitCode = exitCode
  }
}

/** What a command says instead of a result; `--json` prints it as one line, without what it does not know. */
export interface Ending {
  readonly event: 'failed' | 'usage' | 'refused'
  /** The full name of the exception that the server named. */
  readonly exception?: string | undefined
  /** The operation that was refused. */
  readonly step?: string | undefined
  /** For people. */
  readonly reason: string
  /** By which the request log has the request. */
  readonly requestId?: string | undefined
  /** The server that refused. */
  readonly server?: string | undefined
}

export interface Ended {
  readonly ending: Ending
  readonly exitCode: ExitCode
  /** What was asked that refused, where that is known. */
  readonly url?: string | undefined
}

const events = { 1: 'failed', 2: 'usage', 3: 'refused' } as const

/** What to print, and how to exit. Errors that are ours to mend show where they come from. */
export function endedBy(error: unknown): Ended {
  const exitCode = exitCodeOf(error)
  return {
    exitCode,
    ...given('url', urlIn(error)),
    ending: { event: events[exitCode], ...factsOf(error), reason: reasonOf(error) },
  }
}

/** Errors by the names of their classes: the classes themselves would bring server and client into every command. */
function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof Error)) return 1
  if (error instanceof Failure) return error.exitCode ?? exitCodeOf(error.cause)
  if (askedWrongly.has(error.name)) return 2
  // Ours: what the caller gave. Those of Node.js have a code.
  if (error.name === 'RangeError' && !('code' in error)) return 2
  if (error.name === 'Problem' && 'status' in error && error.status === 400) return 2
  return isRefusal(error) ? 3 : 1
}

const askedWrongly: ReadonlySet<string> = new Set([
  'SettingsError',
  'SeedFileError',
  'OptionRefused',
  'UnknownEndpoint',
  'UnknownOperation',
])

/** What the server's rules, or those in a license, say no to. What the server could not do is none. */
function isRefusal(error: Error): boolean {
  switch (error.name) {
    case 'AccessDenied':
    case 'OutsideValidTime':
      return true
    case 'SoapFault':
    case 'LicenseRefused': {
      const exception = textIn(error, 'exceptionName')
      return exception !== undefined && exception !== exceptions.UnspecifiedError.name
    }
    case 'RestRefused': {
      const code = textIn(error, 'code')
      const known = Object.values(restExceptions).find((row) => row.code === code)
      return known !== undefined && known.status < 500 && known.status !== 401
    }
    default:
      return false
  }
}

function urlIn(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  return error instanceof Failure ? urlIn(error.cause) : textIn(error, 'url')
}

/** Those of the first error below that knows them. */
function factsOf(error: unknown): Omit<Ending, 'event' | 'reason'> {
  if (!(error instanceof Error)) return {}
  if (error instanceof Failure) return factsOf(error.cause)
  const exception =
    textIn(error, 'exceptionName') ??
    (error.name === 'RestRefused' ? textIn(error, 'code') : undefined) ??
    (error.name === 'AccessDenied' ? textIn(error, 'status') : undefined)
  return {
    ...(exception === undefined ? {} : { exception }),
    ...given('step', textIn(error, 'operation')),
    ...given('requestId', textIn(error, 'requestId')),
    ...given('server', textIn(error, 'server')),
  }
}

function given<Name extends string>(name: Name, value: string | undefined): Partial<Record<Name, string>> {
  return value === undefined ? {} : ({ [name]: value } as Partial<Record<Name, string>>)
}

function textIn(error: Error, name: string): string | undefined {
  const value = (error as unknown as Readonly<Record<string, unknown>>)[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return isForPeople(error) ? error.message : (error.stack ?? error.message)
}

/** Every error of ours has a name of its own and a message that says all, and the system's have a code. */
function isForPeople(error: Error): boolean {
  const isBug = ['TypeError', 'ReferenceError', 'SyntaxError'].includes(error.name)
  return !isBug && (error.name !== 'Error' || 'code' in error)
}

/** The system's code of an error, such as ENOENT, also where it is the cause of another one; '' when there is none. */
export function systemCode(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ('code' in at && typeof at.code === 'string') return at.code
  }
  return ''
}
