/** How many use licenses a second does one node issue (AcquireLicense, [MS-RMPR] 3.4.4.1), and what does one cost? */
import type { CryptoMode } from '../src/crypto/modes.js'
import type { EngineName } from '../src/crypto/engine.js'
import { hasOne, measure, withDatabase, withNode } from './measure.js'
import type { Bench, Question, RateRow, Row } from './question.js'
import { licenseRequest } from './requests.js'
import { makeSessions, type Sessions } from './sessions.js'
import { measureRaw } from './sign.bench.js'
import type { SpawnedNode } from './spawn-node.js'

export const issue: Question = {
  name: 'issue',
  about: 'use licenses of one node: one publishing license for many users, and another one each time',
  async ask(bench) {
    const rows: Row[] = []
    for (const mode of bench.size.modes)
      rows.push(...(await withDatabase((database) => askMode(bench, mode, database))))
    return rows
  },
}

/** The engines serve the same database one after the other, so that both answer the same requests. */
async function askMode(bench: Bench, mode: CryptoMode, database: string): Promise<readonly Row[]> {
  const { size, nodeCore: core } = bench
  const sessions = await withNode({ database, mode, engine: 'openssl', accounts: size.users, core }, ({ url }) =>
    makeSessions(url, mode, bench),
  )
  const raw = await measureRaw(bench, mode, 'sign')
  const rows: Row[] = []
  for (const engine of size.engines) {
    const profile =
      bench.profileFolder === undefined
        ? undefined
        : { folder: bench.profileFolder, name: `issue-mode${mode}-${engine}.cpuprofile` }
    const measured = await withNode({ database, mode, engine, accounts: 0, core, profile }, (node) =>
      askNode(bench, node, { mode, engine, sessions }),
    )
    rows.push(
      ...measured.map((row) => ({
        ...row,
        share: (100 * raw.cpu.median) / row.cpu.median,
        rateShare: (100 * row.perSecond.median) / raw.perSecond.median,
      })),
    )
  }
  return rows
}

interface Cell {
  readonly mode: CryptoMode
  readonly engine: EngineName
  readonly sessions: Sessions
}

async function askNode(bench: Bench, node: SpawnedNode, { mode, engine, sessions }: Cell): Promise<readonly RateRow[]> {
  const { accounts, published } = sessions
  const onePl = accounts.flatMap((account) => published.slice(0, 1).map((content) => licenseRequest(account, content)))
  const manyPls = published.flatMap((content, index) => {
    const account = accounts[index % accounts.length]
    return account === undefined ? [] : [licenseRequest(account, content)]
  })
  const cell = { mode, engine, isGood: hasOneLicense }
  return [
    await measure(bench, node, {
      ...cell,
      key: 'one PL',
      what: `license, one PL, ${accounts.length} users`,
      requests: onePl,
    }),
    await measure(bench, node, {
      ...cell,
      key: 'distinct PLs',
      what: `license, ${published.length} PLs in turn, ${accounts.length} users`,
      requests: manyPls,
    }),
  ]
}

/** Whether an answer holds what AcquireLicense is asked for. */
export const hasOneLicense = hasOne('purpose="Content-License"')
