/** Who may import whom, and what no file may be: the floors of the house, kept by reading the import lines. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path/posix'
import { fileURLToPath } from 'node:url'
import t from 'tap'

/** From the ground up: a folder (or a file, by its name) imports only from floors below its own. */
const floors: readonly (readonly string[])[] = [
  [
    'command-line',
    'calendar-day',
    'effects',
    'exceptions',
    'refusal',
    'package-folder',
    'rest-exceptions',
    'recent',
    'proxy-headers',
    'process-metrics',
    'same-secret',
    'mail-address',
    'version',
    'config',
    'sizing',
    'http',
  ],
  ['xml', 'crypto', 'ntlm'],
  ['soap', 'xrml', 'charts'],
  ['client', 'policy', 'directory', 'explain'],
  ['identity', 'load'],
  ['lab'],
  ['cluster'],
  ['services'],
  ['administration'],
  ['node', 'balancer'],
  ['installation'],
  ['manage'],
  ['cli', 'index'],
]

/** Narrower than the floors: what these may import besides their own folder. */
const narrower: Readonly<Record<string, readonly string[]>> = {
  sizing: [],
  charts: ['xml'],
  load: ['effects', 'sizing', 'xml', 'charts', 'soap', 'client'],
  http: ['effects'],
  balancer: ['effects', 'process-metrics', 'proxy-headers', 'same-secret', 'config', 'http'],
  explain: ['effects', 'xml', 'crypto', 'xrml'],
}

const longestFile = 400
const src = fileURLToPath(new URL('../../src/', import.meta.url))

interface SourceFile {
  readonly path: string
  readonly text: string
  readonly imports: readonly string[]
}

function floorOf(folder: string): number {
  return floors.findIndex((floor) => floor.includes(folder))
}

/** The folder below src, or the name of a file that stands in src itself. */
function folderOf(path: string): string {
  return (path.split('/')[0] ?? '').replace(/\.[jt]s$/, '')
}

/** Paths below src of what a file imports or exports from, types included. */
function importsOf(path: string, text: string): readonly string[] {
  const specifiers = [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])(\.[^'"]+)\1/g)].map(
    (match) => match[2] ?? '',
  )
  return specifiers.map((specifier) => normalize(join(dirname(path), specifier)))
}

/** Why a file of this folder may not import that; undefined when it may. */
function objection(from: string, to: string): string | undefined {
  if (to.startsWith('..')) return 'it lies outside of src'
  const [own, other] = [folderOf(from), folderOf(to)]
  if (own === other) return undefined
  if (floorOf(own) < 0) return `${own} has no floor: give it one here and in the design`
  if (narrower[own]?.includes(other) === false) return `${own} may import ${narrower[own]?.join(', ')} only`
  const onTheGround = floorOf(own) === 0 && floorOf(other) === 0
  return onTheGround || floorOf(other) < floorOf(own) ? undefined : `${other} is not below ${own}`
}

/** Text without comments and without what stands in quotes, so that words in them do not count. */
function codeOf(text: string): string {
  return text.replace(/\/\*[^]*?\*\/|\/\/[^\n]*/g, '').replace(/'(?:[^'\\\n]|\\.)*'/g, "''")
}

const files: readonly SourceFile[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .map((path) => path.replaceAll('\\', '/'))
  .toSorted()
  .map((path) => {
    const text = readFileSync(join(src, path), 'utf8')
    return { path, text, imports: importsOf(path, text) }
  })

t.test('every file imports from the floors below its own only', async (t) => {
  const wrong = files.flatMap(({ path, imports }) =>
    imports.flatMap((to) => {
      const why = objection(path, to)
      return why === undefined ? [] : [`${path} imports ${to}: ${why}`]
    }),
  )
  t.same(wrong, [])
})

t.test('the rules see what is wrong', async (t) => {
  t.ok(files.length > 30, 'the files are there')
  t.ok(
    files.some(({ imports }) => imports.includes('xml/read.js')),
    'and their imports',
  )
  t.same(
    importsOf(
      'xml/a.ts',
      "import type { X } from '../soap/b.js'\nexport * from './c.js'\nawait import('../cli/d.js')\nimport 'node:fs'",
    ),
    ['soap/b.js', 'xml/c.js', 'cli/d.js'],
  )
  t.same(importsOf('xml/a.ts', "import {\n  a,\n  b,\n} from '../effects.js'"), ['effects.js'])
  t.equal(objection('xml/a.ts', 'xml/b.js'), undefined)
  t.equal(objection('xrml/a.ts', 'effects.js'), undefined)
  t.equal(objection('index.ts', 'client/index.js'), undefined)
  t.match(objection('xml/a.ts', 'xrml/b.js'), /not below/)
  t.match(objection('soap/a.ts', 'xrml/b.js'), /not below/)
  t.match(objection('client/a.ts', 'policy/b.js'), /not below/)
  t.match(objection('client/a.ts', 'directory/b.js'), /not below/)
  t.match(objection('balancer/a.ts', 'xrml/b.js'), /may import/)
  t.match(objection('shed/a.ts', 'xml/b.js'), /no floor/)
  t.match(objection('cli/a.ts', '../test/b.js'), /outside/)
})

t.test('no file is a drawer for odds and ends', async (t) => {
  t.same(
    files
      .filter(({ path }) => /(^|[/-])(utils?|helpers?|common|manager|misc|shared)(\/|-|\.ts$)/.test(path))
      .map(({ path }) => path),
    [],
  )
  t.same(
    files.filter(({ path }) => !/^([a-z0-9-]+\/)*[a-z0-9-]+\.ts$/.test(path)).map(({ path }) => path),
    [],
    'names in kebab-case',
  )
})

t.test(`no file has more than ${longestFile} lines`, async (t) => {
  t.same(
    files.filter(({ text }) => text.split('\n').length > longestFile + 1).map(({ path }) => path),
    [],
  )
})

t.test('every setting of a cluster is read by something that acts on it', async (t) => {
  const configuration = files.find(({ path }) => path === 'cluster/configuration.ts')?.text ?? ''
  const [, members = ''] = /export interface ServerConfiguration \{([^]*?)\n\}/.exec(configuration) ?? []
  const names = [...members.matchAll(/^  readonly (\w+):/gm)].map(([, name = '']) => name)
  t.ok(names.length >= 40, `${names.length} settings`)
  const acting = files
    .filter(({ path }) => !/^cluster\/configuration|^manage\/api\/configuration\.ts$/.test(path))
    .map(({ text }) => codeOf(text))
    .join('\n')
  t.same(
    names.filter((name) => !new RegExp(`\\b${name}\\b`).test(acting)),
    [],
  )
})

t.test('every file says in its first line what it is', async (t) => {
  t.same(
    files.filter(({ text }) => !/^(#![^\n]*\n)?\/\*\*/.test(text)).map(({ path }) => path),
    [],
  )
})

t.test('nothing is any', async (t) => {
  t.same(
    files.filter(({ text }) => /(:|<|\bas|\|)\s*any\b(?!\s*:)/.test(codeOf(text))).map(({ path }) => path),
    [],
  )
})

t.test('time, chance and environment are read in one place each', async (t) => {
  const allowed: Readonly<Record<string, readonly string[]>> = {
    'new Date\\(\\)': ['effects.ts'],
    'Date\\.now|performance\\.now|process\\.hrtime': ['effects.ts'],
    '(?<!\\.)set(?:Timeout|Interval)\\(|AbortSignal\\.timeout': ['effects.ts'],
    'Math\\.random|randomUUID|randomBytes|getRandomValues': ['effects.ts'],
    'process\\.env': ['config/environment.ts'],
  }
  for (const [pattern, places] of Object.entries(allowed)) {
    const found = files.filter(
      ({ path, text }) => !places.includes(path) && new RegExp(`\\b(${pattern})`).test(codeOf(text)),
    )
    t.same(
      found.map(({ path }) => path),
      [],
      pattern,
    )
  }
})

/** Tests that let real time go by, and why no outcome hangs on how long it is. */
const inRealTime: Readonly<Record<string, string>> = {
  'balancer/attack-run.ts': 'attacks so often, whatever time that takes',
  'balancer/attackers.ts': 'is slow, or goes away at a random moment, whatever is done at that moment',
  'balancer/upstream.ts': 'says in the time of its balancer that an answer is to come; more time changes nothing',
  'conformance/raw-http.ts': 'limits what hangs',
  'fixtures/until.ts': 'looks at real processes again and again',
  'hostile/campaign.ts': 'limits what hangs',
  'installation/clock-at-rate.ts': 'no test: shows a clock that is set while requests come at a rate',
  'installation/journal-wait.ts': 'no test: measures',
  'installation/kill-campaign.ts': 'kills at random moments, whatever is done at that moment',
  'installation/open-loop.ts': 'sends at a rate while servers come and go; how many requests that are is waited for',
}

t.test('real time decides no test: they wait for events, or move a clock of their own', async (t) => {
  const test = fileURLToPath(new URL('../../test/', import.meta.url))
  const waits = /(?<!\.)\bset(?:Timeout|Interval)\(|AbortSignal\.timeout|\{[^}]*\bset(?:Timeout|Interval)\b[^}]*\} from/
  const found = readdirSync(test, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && waits.test(codeOf(readFileSync(join(test, path), 'utf8'))))
  t.same(found.toSorted(), Object.keys(inRealTime))
})
