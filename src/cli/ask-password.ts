/** The password of a file: given, in a file of its own, or asked for on the terminal, where nobody sees it. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { Failure } from './failure.js'
import { readInput } from './files.js'

export interface PasswordFlags {
  readonly password?: string
  readonly passwordFile?: string
}

/** @throws Failure */
export async function passwordOf({ password, passwordFile }: PasswordFlags): Promise<string> {
  if (password !== undefined && passwordFile !== undefined)
    throw new Failure('Give --password or --password-file, not both', 2)
  const given = password ?? (passwordFile === undefined ? await ask() : await firstLine(passwordFile))
  if (given === '') throw new Failure('The password is empty: give one', 2)
  return given
}

async function firstLine(path: string): Promise<string> {
  return (await readInput(path)).toString('utf8').split(/\r?\n/)[0] ?? ''
}

async function ask(): Promise<string> {
  if (!process.stdin.isTTY)
    throw new Failure('The file needs a password: give --password-file FILE, or --password TEXT', 2)
  process.stderr.write('Password of the file: ')
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  try {
    return await terminal.question('')
  } finally {
    terminal.close()
    process.stderr.write('\n')
  }
}
