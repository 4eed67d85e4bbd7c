/** A run of attacks against a node in a process of its own: senders, counts, memory, controls. */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { openConnection, type Connection, type RawAnswer } from '../conformance/raw-http.js'
import { hangs } from '../fixtures/until.js'
import { readEnvelope } from '../../src/soap/envelope.js'
import { control, makeAttack, type Attack } from './attacks.js'
import { documentsIn, entitlementOf, objection, surfaceOf, type Rules } from './judge.js'
import { prepareMaterial, type Base, type Material } from './material.js'
import type { FromTarget, Memory } from './target.js'

export interface CampaignOptions {
  readonly requests: number
  readonly seed: number
  readonly connections: number
  /** Number of the first attack: to see one again. */
  readonly from?: number
  readonly onProgress?: (done: number, violations: number) => void
  /** Told of each at once, so that nothing is lost when the run is broken off. */
  readonly onViolation?: (violation: Violation) => void
}

export type OutcomeName = 'served' | 'fault' | '4xx' | 'closed'

export interface KindCount {
  readonly outcomes: Record<OutcomeName, number>
  slowest: number
}

export interface Violation {
  readonly index: number
  readonly kind: string
  readonly operation: string
  readonly why: string
}

export interface CampaignResult {
  readonly requests: number
  readonly seed: number
  readonly seconds: number
  readonly kinds: Readonly<Record<string, KindCount>>
  readonly controls: number
  readonly memory: { readonly warm: Memory; readonly end: Memory; readonly withinBounds: boolean }
  readonly violations: readonly Violation[]
  /** More than `violations` holds. */
  readonly violationCount: number
}

const requestsPerControl = 250
const mostViolationsKept = 100
/** Bytes that may be more at the end than after the warm-up. The heap counts what is held; RSS also what the allocator keeps. */
const growth = { heap: 16 * 2 ** 20, rss: 64 * 2 ** 20 }

class Unanswered extends Error {
  override readonly name = 'Unanswered'
}

export async function runCampaign({
  requests,
  seed,
  connections,
  from = 0,
  onProgress,
  onViolation,
}: CampaignOptions): Promise<CampaignResult> {
  const target = await startTarget()
  const began = performance.now()
  try {
    const material = await prepareMaterial(target.baseUrl)
    const rules = await makeRules(target.baseUrl, material)
    const kinds: Record<string, KindCount> = {}
    const violations: Violation[] = []
    let violationCount = 0
    let controls = 0
    let done = 0
    const blame = ({ index, kind, base }: Attack, why: string): void => {
      violationCount++
      const violation = { index, kind, operation: base.operation, why }
      onViolation?.(violation)
      if (violations.length < mostViolationsKept) violations.push(violation)
    }
    const count = (attack: Attack, outcome: OutcomeName, milliseconds: number): void => {
      const kind = (kinds[attack.kind] ??= { outcomes: { served: 0, fault: 0, '4xx': 0, closed: 0 }, slowest: 0 })
      kind.outcomes[outcome]++
      kind.slowest = Math.max(kind.slowest, Math.round(milliseconds))
    }

    const sendOne = async (sender: Sender, attack: Attack): Promise<void> => {
      const start = performance.now()
      try {
        const answers = await sender.send(attack)
        const wrong = answers.map((answer) => objection(attack, answer, rules)).find((why) => why !== undefined)
        if (wrong !== undefined) blame(attack, wrong)
        count(attack, outcomeOf(answers.at(0)), performance.now() - start)
      } catch (error) {
        blame(
          attack,
          error instanceof Unanswered
            ? error.message
            : `${String(error)}${target.ended() ? ' (the node has ended)' : ''}`,
        )
        sender.reset()
      }
    }
    const sendControl = async (sender: Sender, base: Base): Promise<void> => {
      controls++
      const attack = control(base)
      const [answer] = await sender.send(attack)
      if (answer?.status !== base.status)
        blame(attack, `an unchanged request was answered ${answer?.status}, not ${base.status}`)
    }

    const sendRange = async (start: number, end: number): Promise<void> => {
      let next = start
      const work = async (): Promise<void> => {
        const sender = createSender(target.baseUrl)
        while (next < end && !target.ended()) {
          const index = next++
          await sendOne(sender, makeAttack(seed, index, material))
          if (index % requestsPerControl === 0)
            await sendControl(sender, material.bases[(index / requestsPerControl) % material.bases.length] as Base)
          done++
          if (done % 1000 === 0) onProgress?.(done, violationCount)
        }
        sender.reset()
      }
      await Promise.all(Array.from({ length: connections }, work))
    }

    const warmUp = Math.min(Math.ceil(requests / 4), 10_000)
    await sendRange(from, from + warmUp)
    const warm = await target.memory()
    await sendRange(from + warmUp, from + requests)
    const sender = createSender(target.baseUrl)
    for (const base of [...material.bases, ...material.bases]) await sendControl(sender, base)
    sender.reset()
    const end = await target.memory()
    if (end.unexpected > 0) {
      violationCount += end.unexpected
      violations.push(
        ...end.samples.map((why) => ({ index: -1, kind: 'unexpected error in the log', operation: '', why })),
      )
    }
    const withinBounds =
      end.memory.heap - warm.memory.heap < growth.heap && end.memory.rss - warm.memory.rss < growth.rss
    return {
      requests,
      seed,
      seconds: Math.round((performance.now() - began) / 100) / 10,
      kinds: Object.fromEntries(Object.entries(kinds).toSorted(([a], [b]) => a.localeCompare(b))),
      controls,
      memory: { warm: warm.memory, end: end.memory, withinBounds },
      violations,
      violationCount,
    }
  } finally {
    await target.stop()
  }
}

function outcomeOf(answer: RawAnswer | undefined): OutcomeName {
  if (answer === undefined) return 'closed'
  if (answer.status < 400) return 'served'
  return answer.status < 500 ? '4xx' : 'fault'
}

interface Sender {
  /** All answers that came. Throws Unanswered when one is missing that must come. */
  readonly send: (attack: Attack) => Promise<readonly RawAnswer[]>
  readonly reset: () => void
}

function createSender(baseUrl: string): Sender {
  let shared: Connection | undefined
  const reset = (): void => {
    shared?.close()
    shared = undefined
  }
  const sendShared = async ({ bytes }: Attack, isRetry = false): Promise<readonly RawAnswer[]> => {
    const isFresh = shared === undefined
    const connection = (shared ??= await openConnection(baseUrl))
    connection.send(bytes)
    try {
      const answer = await connection.answer(hangs)
      if (answer.headers.connection === 'close') reset()
      return [answer]
    } catch (error) {
      reset()
      // A server may close an idle connection at any time: a client sends such a request again, once
      if (!isFresh && !isRetry && connection.isClosed()) return sendShared({ bytes } as Attack, true)
      throw new Unanswered(error instanceof Error ? error.message : String(error))
    }
  }
  const sendAlone = async ({ bytes, manner }: Attack): Promise<readonly RawAnswer[]> => {
    const connection = await openConnection(baseUrl)
    connection.send(bytes)
    if (manner === 'broken off') {
      await new Promise((resolve) => setImmediate(resolve))
      connection.close()
      return []
    }
    connection.end()
    const timer = setTimeout(() => connection.close(), hangs)
    const start = performance.now()
    await connection.closed
    clearTimeout(timer)
    if (performance.now() - start >= hangs) throw new Unanswered('the connection hung although our side had ended it')
    return connection.rest()
  }
  return { send: (attack) => (attack.manner === 'shared' ? sendShared(attack) : sendAlone(attack)), reset }
}

/** Unchanged requests of everybody for everything say who may have what. */
async function makeRules(
  baseUrl: string,
  { entitlements, bases, documents, accountKeys, machineIds }: Material,
): Promise<Rules> {
  const sender = createSender(baseUrl)
  const allowed = new Map<string, string>()
  let issuerKey = ''
  for (const base of entitlements) {
    const [answer] = await sender.send(control(base))
    if (answer?.status !== 200) continue
    const [leaf] = documentsIn(readEnvelope(answer.body).body)
    if (leaf === undefined) throw new Error('An unchanged request was answered without a license')
    allowed.set(...entitlementOf(leaf))
    issuerKey = leaf.body.issuer?.publicKey?.modulus ?? ''
  }
  for (const base of bases) {
    const [answer] = await sender.send(control(base))
    if (answer?.status !== base.status)
      throw new Error(
        `${base.operation} of ${base.user}, unchanged, was answered ${answer?.status}: ${answer?.body.slice(0, 1000)}`,
      )
  }
  sender.reset()
  return { allowed, accountKeys, machineIds, issuerKey, knownBodies: new Set(documents.flatMap(surfaceOf)) }
}

interface Target {
  readonly baseUrl: string
  readonly ended: () => boolean
  readonly memory: () => Promise<Extract<FromTarget, { kind: 'memory' }>>
  readonly stop: () => Promise<void>
}

async function startTarget(): Promise<Target> {
  const child = fork(fileURLToPath(new URL('target.js', import.meta.url)), { execArgv: ['--expose-gc'] })
  let ended = false
  const exit = new Promise<void>((resolve) => {
    child.once('exit', () => {
      ended = true
      resolve()
    })
  })
  const ready = await nextMessage(child, 'ready')
  return {
    baseUrl: ready.baseUrl,
    ended: () => ended,
    memory: () => {
      child.send('memory')
      return nextMessage(child, 'memory')
    },
    stop: async () => {
      if (!ended) child.send('stop')
      await exit
    },
  }
}

function nextMessage<Kind extends FromTarget['kind']>(
  child: ChildProcess,
  kind: Kind,
): Promise<Extract<FromTarget, { kind: Kind }>> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The node ended with ${code}`)))
    child.on('message', (message: FromTarget) => {
      if (message.kind === kind) resolve(message as Extract<FromTarget, { kind: Kind }>)
    })
  })
}
