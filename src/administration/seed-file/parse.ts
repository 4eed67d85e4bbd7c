/** A seed file, read and judged before anything is done: whoever has the result can apply it. */
import { createHash } from 'node:crypto'
import { forestNameProblem } from '../../config/forest-name.js'
import { forestNamed, usualForestName } from '../../directory/forest.js'
import { planDirectory, type DirectoryPlan } from './directory-plan.js'
import { readSeedText, type SeedText } from './read-text.js'
import { referenceProblems, type SeedSurroundings } from './references.js'
import { isAboutInput, pathText, SeedFileError, type SeedPath, type SeedProblem } from './seed-file-error.js'
import type { SeedFile } from './seed-file.js'
import { shown } from '../../lab/json-object.js'
import { structureProblems } from './structure.js'

/** As it stands in a file, or made by a program. */
export type SeedSource = { readonly name: string; readonly text: string } | { readonly object: unknown }

export interface Seed {
  /** Of the file, for people. */
  readonly name: string
  readonly file: SeedFile
  readonly directory: DirectoryPlan
  /** Of what it says, whatever its form; how many servers serve, and where clients see them, is no part of it: each start may say that anew. */
  readonly fingerprint: string
  /** Runs what applies a part of the file; what it refuses is told with the place of that part. */
  at<Result>(path: SeedPath, run: () => Promise<Result>): Promise<Result>
}

const mostTold = 20

/** @throws SeedFileError with all that is wrong */
export function parseSeed(source: SeedSource, surroundings: SeedSurroundings): Seed {
  const isText = 'text' in source
  const name = isText ? source.name : 'seedFile'
  const read = isText ? readSeedText(source.text, name) : undefined
  const value = isText ? read?.value : source.object
  const refuse = (problems: readonly SeedProblem[]): void => {
    if (problems.length > 0) throw errorOf(name, problems, read)
  }
  refuse(structureProblems(value, (path) => read?.written(path)))
  const file = value as SeedFile
  const forestProblem = file.forest === undefined ? undefined : forestNameProblem(file.forest)
  if (forestProblem !== undefined)
    refuse([{ path: ['forest'], message: `forest is ${shown(file.forest)}: it ${forestProblem}` }])
  const problems: SeedProblem[] = []
  const forest = forestNamed(file.forest ?? surroundings.forest ?? usualForestName)
  const directory = planDirectory(file, forest, problems)
  refuse([...problems, ...referenceProblems(file, directory, surroundings)])
  return {
    name,
    file,
    directory,
    fingerprint: fingerprintOf(file),
    at: async (path, run) => {
      try {
        return await run()
      } catch (error) {
        if (!isAboutInput(error)) throw error
        throw errorOf(name, [{ path, message: `${pathText(path)}: ${error.message}` }], read)
      }
    },
  }
}

function errorOf(name: string, problems: readonly SeedProblem[], read: SeedText | undefined): SeedFileError {
  const placed = problems
    .map((problem) => ({ ...problem, ...read?.place(problem.path, problem.isKey) }))
    .toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0))
  const rest = placed.length - mostTold
  const more = rest > 0 ? [{ path: [], message: `and ${rest} more` }] : []
  return new SeedFileError(name, [...placed.slice(0, mostTold), ...more])
}

function fingerprintOf({ $schema: _schema, ...file }: SeedFile): string {
  const clusters = file.clusters?.map(({ servers: _servers, url: _url, ...cluster }) => cluster)
  const text = JSON.stringify({ ...file, ...(clusters === undefined ? {} : { clusters }) }, inOrder)
  return createHash('sha256').update(text, 'utf8').digest('hex')
}

/** The order of keys says nothing. */
function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
}
