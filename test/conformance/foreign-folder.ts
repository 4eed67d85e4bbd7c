/**
 * Client programs in languages without JSON: fed by files in a folder, answering by files beside them. `machine.0`, `machine.1` … is a chain, leaf first; so are
 * `pl`, `changed_pl` and, of the answer, `rac`, `clc`, `ul`. `url`, `user`, `password`, `maximum_version` and `fault` are texts.
 */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ForeignResult } from './foreign-program.js'

/** Runs it with the folder as its last argument. */
export async function runInFolder(
  folder: string,
  [command = '', ...args]: readonly string[],
  input: Readonly<Record<string, string | readonly string[]>>,
): Promise<ForeignResult> {
  for (const [name, value] of Object.entries(input)) {
    if (typeof value === 'string') await writeFile(join(folder, name), value)
    else await Promise.all(value.map((text, at) => writeFile(join(folder, `${name}.${at}`), text)))
  }
  await promisify(execFile)(command, [...args, folder], { timeout: 120_000 })
  const text = (name: string): Promise<string> => readFile(join(folder, name), 'utf8')
  const chain = async (name: string): Promise<readonly string[]> => {
    const texts: string[] = []
    for (;;) {
      const next = await text(`${name}.${texts.length}`).catch(() => undefined)
      if (next === undefined) return texts
      texts.push(next)
    }
  }
  return {
    rac: await chain('rac'),
    clc: await chain('clc'),
    ul: await chain('ul'),
    maximum_version: await text('maximum_version'),
    fault: await text('fault'),
  }
}
