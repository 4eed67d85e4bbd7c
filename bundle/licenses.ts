/** What the authors of the libraries in the program ask for: their licenses go with it. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * @param files of the program, as the bundler names them
 * @returns the license of every package that they come from
 * @throws Error when a package has none
 */
export async function licensesOf(files: readonly string[]): Promise<string> {
  const folders = new Set(files.flatMap((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []))
  const texts = await Promise.all([...folders].toSorted().map(licenseOf))
  return `The program in this folder contains these packages.\n\n${[...new Set(texts)].join('\n\n')}`
}

async function licenseOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string
    readonly version: string
    readonly license?: string
  }
  const title = `== ${name} ${version}, ${license ?? 'license as below'}`
  const file = (await readdir(folder)).find((entry) => /^(licen[cs]e|copying)/i.test(entry))
  if (file !== undefined) return `${title}\n\n${(await readFile(join(folder, file), 'utf8')).trim()}`
  if (license === undefined) throw new Error(`${name} has no license: it cannot be part of the program`)
  return title
}
