/**
 * `npm run compile`, its second half: puts the program together from src, in a few files that Node.js loads quickly. What only some commands
 * need is in files of its own. What has parts that are no JavaScript, or is rarely used, stays in node_modules.
 */
import { chmod, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { rolldown, type Plugin } from 'rolldown'
import { licensesOf } from './licenses.js'
import { removePackages, writePackages } from './packages.js'

const folder = fileURLToPath(new URL('../../', import.meta.url))
const program = `${folder}build/program`

/** What the balancer uses of undici: the rest, with fetch, is half of what it would load. */
const undiciParts = { buildConnector: 'core/connect', Client: 'dispatcher/client', Pool: 'dispatcher/pool' }

const partsOfUndici: Plugin = {
  name: 'parts-of-undici',
  resolveId: {
    filter: { id: /^undici$/ },
    handler: (_source, importer) => (importer?.includes('/src/balancer/') === true ? '\0undici' : null),
  },
  load: {
    filter: { id: /^\0undici$/ },
    handler: () =>
      Object.entries(undiciParts)
        .map(([name, path]) => `export { default as ${name} } from 'undici/lib/${path}.js'\n`)
        .join(''),
  },
}

/** Modules of Node.js that a library loads for what nobody here asks it to do. */
const unusedBuiltins: Readonly<Record<string, string>> = {
  'node:child_process': '/node_modules/commander/',
  'node:http2': '/node_modules/fastify/',
}

const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  resolveId: {
    filter: { id: /^node:/ },
    handler(source, importer) {
      const user = unusedBuiltins[source]
      return user !== undefined && importer?.includes(user) === true ? `\0${source}` : null
    },
  },
  load: {
    filter: { id: /^\0node:/ },
    handler: (id) =>
      `module.exports = new Proxy({}, { get: (_, name) => process.getBuiltinModule('${id.slice(1)}')[name] })\n`,
  },
}

const bundle = await rolldown({
  cwd: folder,
  input: {
    main: 'src/cli/main.ts',
    index: 'src/index.ts',
    client: 'src/client/index.ts',
    'signing-thread': 'src/crypto/signing-thread.ts',
  },
  platform: 'node',
  external: ['libsql', 'pg', 'node-forge', /^@fastify\/swagger/],
  plugins: [partsOfUndici, lazyBuiltins],
})
await rm(program, { recursive: true, force: true })
const { output } = await bundle.write({
  dir: program,
  format: 'esm',
  sourcemap: true,
  entryFileNames: '[name].js',
  chunkFileNames: '[name].js',
  comments: false,
})
// npx in the checkout runs it as it is.
await chmod(`${program}/main.js`, 0o755)
const files = output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []))
await writeFile(`${program}/LICENSES.txt`, await licensesOf(files))

await removePackages(folder)
// Not @fastify/swagger: the program takes it from node_modules, here as where it is installed.
await writePackages(folder, ['ajv', 'commander', 'fastify', 'jose', 'kysely', 'pino', 'prom-client', 'saxes', 'undici'])
