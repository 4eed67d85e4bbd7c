/** Gathers what is wrong with a seed file, so that all of it can be told at once. */
import { shown } from '../../lab/json-object.js'
import type { DirectoryPlan } from './directory-plan.js'
import { isAboutInput, pathText, type SeedPath, type SeedProblem } from './seed-file-error.js'

export interface Judge {
  readonly directory: DirectoryPlan
  /** `accounts[2].mail` and what is said of it. */
  readonly say: (path: SeedPath, what: string, isKey?: boolean) => void
  /** Somebody is named who is not there. */
  readonly nobody: (path: SeedPath, name: string, what?: string) => void
  /** Runs what refuses wrong input by itself. */
  readonly attempt: (path: SeedPath, check: () => unknown) => void
}

/** @param problems receives what is wrong */
export function createJudge(directory: DirectoryPlan, problems: SeedProblem[]): Judge {
  const say = (path: SeedPath, what: string, isKey = false): void => {
    problems.push({ path, message: `${pathText(path)} ${what}`, isKey })
  }
  return {
    directory,
    say,
    nobody: (path, name, what = 'account or group') =>
      say(path, `is ${shown(name)}, and there is no such ${what}: ${directory.hint(name)}`),
    attempt: (path, check) => {
      try {
        check()
      } catch (error) {
        if (!isAboutInput(error)) throw error
        problems.push({ path, message: `${pathText(path)}: ${error.message}` })
      }
    },
  }
}
