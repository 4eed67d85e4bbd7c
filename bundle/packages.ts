/**
 * The libraries that tests load most, each in one file of `build/node_modules`, where what is compiled finds them before those of the project: a test file
 * that starts a node loads a thousand files less. What is not there comes from the project's `node_modules`.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { rolldown, type Plugin } from 'rolldown'

const packages = 'build/node_modules'

/**
 * @param folder of the project, with a slash at the end
 * @param names of packages
 */
export async function writePackages(folder: string, names: readonly string[]): Promise<void> {
  await writeFiles(folder, names, packages)
  for (const name of names) await writeManifest(`${folder}${packages}/${name}`)
}

/** tap with its plugins, below a name that tap leaves out of the stack of a failed assertion. */
export async function writeTap(folder: string): Promise<void> {
  await writeFiles(folder, ['tap'], `${packages}/@tapjs`)
  await mkdir(`${folder}${packages}/tap`, { recursive: true })
  await writeManifest(`${folder}${packages}/tap`)
  const tap = '../@tapjs/tap/index.js'
  await writeFile(`${folder}${packages}/tap/index.js`, `export * from '${tap}'\nexport { default } from '${tap}'\n`)
}

export function removePackages(folder: string): Promise<void> {
  return rm(`${folder}${packages}`, { recursive: true, force: true })
}

async function writeFiles(folder: string, names: readonly string[], into: string): Promise<void> {
  const bundle = await rolldown({
    cwd: folder,
    input: Object.fromEntries(names.map((name) => [name, `${entryPrefix}${name}`])),
    platform: 'node',
    external: ['libsql', 'node-forge', 'pg', 'pino-pretty'],
    plugins: [everythingOf],
  })
  await bundle.write({
    dir: `${folder}${into}`,
    format: 'esm',
    entryFileNames: '[name]/index.js',
    chunkFileNames: 'shared/[name].js',
    comments: false,
  })
  await writeManifest(`${folder}${into}`)
}

function writeManifest(folder: string): Promise<void> {
  return writeFile(`${folder}/package.json`, JSON.stringify({ type: 'module', exports: './index.js' }))
}

const entryPrefix = '\0everything of '

/** By every name that Node.js finds in the package: a bundler gives of one in CommonJS the default alone. */
const everythingOf: Plugin = {
  name: 'everything-of-a-package',
  resolveId: { filter: { id: new RegExp(`^${entryPrefix}`) }, handler: (source) => source },
  load: {
    filter: { id: new RegExp(`^${entryPrefix}`) },
    async handler(id) {
      const name = id.slice(entryPrefix.length)
      const exported = Object.keys((await import(name)) as object).filter((key) => key !== 'module.exports')
      return `export { ${exported.join(', ')} } from '${name}'\n`
    },
  },
}
