/** The password of a file: given, in a file of its own, or asked for on the terminal, where nobody sees it. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { Failure } from './failure.js'
import { readInput } from './files.js'

export interface PasswordFlags {
  readonly password?: string
  readonly passwordFile?: string
}

/**
 * Of a file that is there.
 * @throws Failure
 */
export async function passwordOf(flags: PasswordFlags): Promise<string> {
  return given(flags, ['Password of the file: '])
}

/**
 * Of a file that will be written: who types what nobody sees types it twice.
 * @throws Failure
 */
export async function newPasswordOf(flags: PasswordFlags): Promise<string> {
  return given(flags, ['Password of the file: ', 'The same password again: '])
}

async function given({ password, passwordFile }: PasswordFlags, questions: readonly string[]): Promise<string> {
  if (password !== undefined && passwordFile !== undefined)
    throw new Failure('Give --password or --password-file, not both', 2)
  return requireSome(password ?? (passwordFile === undefined ? await ask(questions) : await firstLine(passwordFile)))
}

function requireSome(password: string): string {
  if (password === '') throw new Failure('The password is empty: give one', 2)
  return password
}

async function firstLine(path: string): Promise<string> {
  return (await readInput(path)).toString('utf8').split(/\r?\n/)[0] ?? ''
}

async function ask(questions: readonly string[]): Promise<string> {
  if (!process.stdin.isTTY)
    throw new Failure('The file needs a password: give --password-file FILE, or --password TEXT', 2)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  // It keeps what is typed ahead, and ends with the terminal: by Ctrl-C and Ctrl-D too.
  const lines = terminal[Symbol.asyncIterator]()
  const answerTo = async (question: string): Promise<string> => {
    process.stderr.write(question)
    const line = await lines.next()
    process.stderr.write('\n')
    if (line.done === true) throw new Failure('No password was given: nothing was done', 2)
    return requireSome(line.value)
  }
  try {
    let password: string | undefined
    for (const question of questions) {
      const answer = await answerTo(question)
      if (password !== undefined && answer !== password)
        throw new Failure('The two passwords are not the same: nothing was done', 2)
      password = answer
    }
    return password ?? ''
  } finally {
    terminal.close()
  }
}
