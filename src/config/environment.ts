/** The one place that reads the process's environment (lint enforces it). */

export type Environment = Readonly<Record<string, string | undefined>>

/** The environment of this process, as an argument for `loadSettings`. */
export function processEnvironment(): Environment {
  return process.env
}
