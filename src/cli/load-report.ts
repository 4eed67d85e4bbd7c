/** The files of a load run: a folder for each run, the page in it, and the run before it to compare with. */
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { csvOf } from '../load/csv.js'
import type { Sample } from '../load/open-loop.js'
import { reportPage } from '../load/report-page.js'
import type { LoadResult } from '../load/result.js'

export interface ReportFiles {
  readonly page: string
  readonly json: string
  readonly csv: string
}

const jsonName = 'result.json'

/** The newest run in the folder; undefined when there is none that can be read. */
export async function lastRun(folder: string): Promise<LoadResult | undefined> {
  const names: readonly string[] = await readdir(folder).catch(() => [])
  for (const name of names.toSorted().toReversed()) {
    const result = await readResult(join(folder, name, jsonName))
    if (result !== undefined) return result
  }
  return undefined
}

async function readResult(path: string): Promise<LoadResult | undefined> {
  try {
    // What is no number was NaN.
    const value = JSON.parse(await readFile(path, 'utf8'), (_key, item: unknown) =>
      item === null ? NaN : item,
    ) as LoadResult
    return value.version === 1 && typeof value.latency.p95 === 'number' ? value : undefined
  } catch {
    return undefined
  }
}

/** @returns where the files are */
export async function writeReport(
  folder: string,
  result: LoadResult,
  samples: readonly Sample[],
  before: LoadResult | undefined,
): Promise<ReportFiles> {
  const own = join(folder, result.plan.date.replaceAll(':', '-'))
  await mkdir(own, { recursive: true })
  const files = { page: join(own, 'report.html'), json: join(own, jsonName), csv: join(own, 'requests.csv') }
  await writeFile(files.page, reportPage(result, before))
  await writeFile(files.json, `${JSON.stringify(result, undefined, 2)}\n`)
  await pipeline(Readable.from(csvOf(samples)), createWriteStream(files.csv))
  return files
}
