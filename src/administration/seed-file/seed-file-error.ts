/** What is wrong with a seed file, and where. */
import { LabInputError } from '../../lab/input-error.js'

/** From the top: `['accounts', 2, 'mail']`. */
export type SeedPath = readonly (string | number)[]

export interface SeedProblem {
  readonly path: SeedPath
  /** For people, with what is wrong and with which value. */
  readonly message: string
  /** Whether it is the key, and not what stands behind it. */
  readonly isKey?: boolean
}

/** Where a part of the file begins, counted from 1. */
export interface SeedPlace {
  readonly line: number
  readonly column: number
}

/** Nothing of it is applied. Each line of the message says one thing: `lab.yaml:12:11: accounts[2].mail is …`. */
export class SeedFileError extends Error {
  override readonly name = 'SeedFileError'
  readonly problems: readonly (SeedProblem & Partial<SeedPlace>)[]
  constructor(file: string, problems: readonly (SeedProblem & Partial<SeedPlace>)[]) {
    super(problems.map((problem) => `${placeText(file, problem)}: ${problem.message}`).join('\n'))
    this.problems = problems
  }
}

function placeText(file: string, { line, column }: Partial<SeedPlace>): string {
  return line === undefined ? file : `${file}:${line}:${column ?? 1}`
}

/** `accounts[2].mail` */
export function pathText(path: SeedPath): string {
  return path.reduce<string>((text, part) => text + partText(part, text === ''), '') || 'the seed file'
}

function partText(part: string | number, isFirst: boolean): string {
  if (typeof part === 'number') return `[${part}]`
  if (!/^[A-Za-z_][\w-]*$/.test(part)) return `[${JSON.stringify(part)}]`
  return isFirst ? part : `.${part}`
}

/** What was found out while the file was applied, or of its contents, is told with its place in the file. */
export function isAboutInput(error: unknown): error is Error {
  if (error instanceof LabInputError) return true
  return error instanceof Error && ['Problem', 'InvalidConfiguration', 'BadSeed'].includes(error.name)
}
