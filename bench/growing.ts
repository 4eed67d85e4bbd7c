/** What the curves of `growth` are measured with: one node, and the database under it, which is filled from here. */
import type { Account, Published, RmsClient } from '../src/client/index.js'
import type { Store } from '../src/cluster/store/open.js'
import type { CryptoMode } from '../src/crypto/modes.js'
import { hasOneLicense } from './issue.bench.js'
import type { LoadRequest } from './load.js'
import { measure } from './measure.js'
import type { Bench, Point, Row } from './question.js'
import { licenseRequest } from './requests.js'
import type { SpawnedNode } from './spawn-node.js'
import { spreadOf } from './spread.js'

export interface Growing {
  readonly bench: Bench
  readonly mode: CryptoMode
  readonly node: SpawnedNode
  /** Path of the SQLite file of the node. */
  readonly database: string
  readonly store: Store
  readonly author: RmsClient
  /** Members of `legal`, with their certificates. */
  readonly accounts: readonly Account[]
  /** Its rights are given to `staff`. */
  readonly content: Published
}

const engine = 'openssl'

/** A round takes a part of what it takes elsewhere: there are many points. */
const partOfRound = 4

/** Requests of a round that are sent one by one. */
const singles = 10

/** As many of them as are to be measured. */
export function steps<Step>({ bench }: Growing, all: readonly Step[]): readonly Step[] {
  return all.slice(0, bench.size.points)
}

/** Under full load, with requests that the node has seen before. */
export async function measureKnown(
  { bench, mode, node }: Growing,
  point: Point,
  requests: readonly LoadRequest[],
): Promise<Row> {
  const { secondsPerRound, warmUpSeconds } = bench.size
  const size = {
    ...bench.size,
    secondsPerRound: secondsPerRound / partOfRound,
    warmUpSeconds: warmUpSeconds / partOfRound,
  }
  return {
    ...(await measure({ ...bench, size }, node, {
      what: whatOf(point),
      mode,
      engine,
      requests,
      isGood: hasOneLicense,
    })),
    point,
  }
}

/** As long as other questions do. */
export async function warmUp({ bench, mode, node, accounts, content }: Growing): Promise<void> {
  const requests = accounts.map((account) => licenseRequest(account, content))
  await measure({ ...bench, size: { ...bench.size, rounds: 1 } }, node, {
    what: 'license, before anything grows',
    mode,
    engine,
    requests,
    isGood: hasOneLicense,
  })
}

/** How many requests `measureOneByOne` sends. */
export function countOfSingles({ bench }: Growing): number {
  return bench.size.rounds * singles
}

/**
 * One request at a time, which costs more than under load: nothing is in the caches of the processor.
 * @param before done before each request; its own cost does not count
 */
export async function measureOneByOne(
  { bench, mode, node }: Growing,
  point: Point,
  requests: readonly LoadRequest[],
  before: () => Promise<void> = async () => undefined,
): Promise<Row> {
  const rounds: number[] = []
  for (let round = 0; round < bench.size.rounds; round++) {
    bench.progress(`${whatOf(point)}: round ${round + 1} of ${bench.size.rounds}`)
    bench.signal.throwIfAborted()
    const used = (await node.usage()).cpu
    for (let index = 0; index < singles; index++) {
      await before()
      await send(node, requests[(round * singles + index) % requests.length])
    }
    rounds.push(((await node.usage()).cpu - used) / singles)
  }
  return { what: whatOf(point), mode, engine, operations: rounds.length * singles, cpu: spreadOf(rounds), point }
}

async function send(node: SpawnedNode, request: LoadRequest | undefined): Promise<void> {
  const answer = await fetch(`${node.url}${request?.path}`, request)
  const text = await answer.text()
  if (!hasOneLicense(text))
    throw new Error(`There is no license in the answer ${answer.status}: ${text.slice(0, 1500)}`)
}

function whatOf({ of, x, line }: Point): string {
  return `${of} ${x.toLocaleString('en-US')}, ${line}`
}
