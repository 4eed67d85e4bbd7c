/** How a command ends when it cannot do its work: a sentence for people, and an exit code. */
import { SettingsError } from '../config/load.js'

/** 1: refused or failed; 2: asked for in a wrong way. */
export type ExitCode = 1 | 2

export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exitCode: ExitCode
  constructor(message: string, exitCode: ExitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** What to print, and how to exit. Errors that are ours to mend show where they come from. */
export function failureOf(error: unknown): { readonly text: string; readonly exitCode: ExitCode } {
  if (!(error instanceof Error)) return { text: String(error), exitCode: 1 }
  if (error instanceof Failure) return { text: error.message, exitCode: error.exitCode }
  if (error instanceof SettingsError || ['UnknownEndpoint', 'UnknownOperation'].includes(error.name))
    return { text: error.message, exitCode: 2 }
  if (error.name === 'Problem' && 'status' in error && error.status === 400) return { text: error.message, exitCode: 2 }
  return { text: isForPeople(error) ? error.message : (error.stack ?? error.message), exitCode: 1 }
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
