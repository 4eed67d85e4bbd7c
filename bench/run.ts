/** `npm run bench`: asks the questions one after the other, and reports. */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { systemClock } from '../src/effects.js'
import { balancer } from './balancer.bench.js'
import { certify } from './certify.bench.js'
import { chartsOf } from './chart.js'
import { cluster } from './cluster.bench.js'
import { growth } from './growth.bench.js'
import { inProcess } from './in-process.bench.js'
import { installation } from './installation.bench.js'
import { issue } from './issue.bench.js'
import { lab } from './lab.bench.js'
import { parse } from './parse.bench.js'
import { pinLoad, unpin } from './pinning.js'
import { selfTimes } from './profile.js'
import { publish } from './publish.bench.js'
import { full, quick, type Answered, type Bench, type Question } from './question.js'
import { circumstances, loadNow, markdown, textReport, thisMachine, type Report } from './report.js'
import { sign } from './sign.bench.js'
import { threads } from './threads.bench.js'

const questions: readonly Question[] = [
  sign,
  parse,
  issue,
  publish,
  certify,
  balancer,
  threads,
  cluster,
  growth,
  installation,
  inProcess,
  lab,
]

const help = `npm run bench [-- [question …] [--quick] [--mode 1|2] [--engine openssl|forge] [--json] [--profile]]

Questions (all, unless named):
${questions.map(({ name, about }) => `  ${name.padEnd(14)}${about}`).join('\n')}

  --quick    shows in seconds that everything runs; the figures say little
  --mode     one cryptographic mode alone
  --engine   one engine of the signer alone
  --json     JSON on stdout instead of the table
  --profile  takes a CPU profile of each node of issue and of the balancer too, and sums it up on stderr; the figures are a little lower
  --help

JSON, a chart of each question as SVG (and profiles) are kept in bench/results/. A full run of all questions writes bench/RESULTS.md.
`

const folder = fileURLToPath(new URL('../../bench/', import.meta.url))
const results = join(folder, 'results')

async function main(args: readonly string[]): Promise<void> {
  const options = {
    quick: { type: 'boolean' },
    mode: { type: 'string' },
    engine: { type: 'string' },
    json: { type: 'boolean' },
    profile: { type: 'boolean' },
    help: { type: 'boolean' },
  } as const
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  if (values.help) return void process.stdout.write(help)
  const asked = chosen(positionals)

  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => stop.abort(new Error(`Stopped by ${name}`)))
  await mkdir(results, { recursive: true })
  const machine = thisMachine()
  const date = systemClock.now().toISOString()
  const pinning = pinLoad()
  const whole = values.quick ? quick : full
  const size = {
    ...whole,
    modes: only(whole.modes, values.mode),
    engines: only(values.engine === undefined ? whole.engines : full.engines, values.engine),
  }
  const bench: Bench = {
    size,
    nodeCore: pinning?.nodeCore,
    profileFolder: values.profile ? results : undefined,
    progress,
    signal: stop.signal,
  }
  const answers: Answered[] = []
  try {
    for (const question of asked) {
      if (question.takesAllCores === true && pinning !== undefined) unpin()
      const { name, about } = question
      answers.push({ name, about, rounds: question.roundsOf?.(size), rows: await question.ask(bench) })
      if (question.takesAllCores === true) pinLoad()
    }
  } finally {
    progress('')
  }

  const command = ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ')
  const { connections, rounds } = size
  const report: Report = {
    command,
    date,
    machine,
    connections,
    rounds,
    pinning: pinning ?? null,
    loadAfter: loadNow(),
    answers,
  }
  const json = `${JSON.stringify(report, undefined, 2)}\n`
  process.stdout.write(values.json ? json : `${textReport(report)}\n${circumstances(report).join('\n')}\n`)
  await writeFile(join(results, `${date.replaceAll(':', '-')}.json`), json)
  await writeCharts(results, answers)
  if (values.profile) await printProfiles()
  const isWhole = values.mode === undefined && values.engine === undefined
  if (isWhole && !values.quick && !values.profile && asked.length === questions.length) {
    await writeFile(join(folder, 'RESULTS.md'), markdown(report))
    await writeCharts(join(folder, 'charts'), answers)
  }
}

async function writeCharts(place: string, answers: readonly Answered[]): Promise<void> {
  await mkdir(place, { recursive: true })
  for (const [name, svg] of answers.flatMap((answered) => [...chartsOf(answered)]))
    await writeFile(join(place, `${name}.svg`), svg)
}

function chosen(names: readonly string[]): readonly Question[] {
  const unknown = names.find((name) => questions.every((question) => question.name !== name))
  if (unknown !== undefined)
    throw new Error(
      `There is no question "${unknown}". The questions are: ${questions.map(({ name }) => name).join(', ')}`,
    )
  return names.length === 0 ? questions : questions.filter(({ name }) => names.includes(name))
}

/** The one that is named, or all. */
function only<Choice extends string | number>(all: readonly Choice[], named: string | undefined): readonly Choice[] {
  const found = all.filter((choice) => named === undefined || String(choice) === named)
  if (found.length === 0) throw new Error(`There is no "${named}": choose one of ${all.join(', ')}`)
  return found
}

/** One line that is written over on a terminal, lines elsewhere. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`)
  else if (text !== '') process.stderr.write(`${text}\n`)
}

async function printProfiles(): Promise<void> {
  for (const file of (await readdir(results)).filter((name) => name.endsWith('.cpuprofile'))) {
    const text = await readFile(join(results, file), 'utf8')
    for (const by of ['area', 'function'] as const) {
      process.stderr.write(`\n${file}, time by ${by} without what is called from there\n`)
      for (const { name, percent } of selfTimes(text, by).slice(0, 20))
        process.stderr.write(`${percent.toFixed(1).padStart(6)} %  ${name}\n`)
    }
  }
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
