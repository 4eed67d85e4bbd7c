/** Where the package stands: `build/src` (compiled) and `build/program` (bundled) are both two folders below it. */

export const packageFolder = new URL('../../', import.meta.url)

/**
 * A file of the bundled program: what is started as a process or as a thread of its own.
 * @param name without a folder
 */
export function programFile(name: 'main.js' | 'signing-thread.js'): URL {
  return new URL(`build/program/${name}`, packageFolder)
}
