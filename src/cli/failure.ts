/** How a command ends when it cannot do its work: a sentence for people, and an exit code. */

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
