/** The journals of all nodes that live: asked together, and what cannot be said of one of them is said too. */
import { livingMembers } from '../../cluster/living-members.js'
import type { Member } from '../../cluster/store/member-store.js'
import { answerWithin } from '../../effects.js'
import type { Part } from '../../lab/journal/node-journal.js'
import type { NodePosition } from '../../lab/journal/position.js'
import { askServer, type LabOffice, type ServerCall } from './ask-server.js'

/** What the journal does not have, and why. */
export interface Gap {
  readonly node: string
  /** A sentence for people. */
  readonly text: string
}

/** A node, and the salt of its cluster's key: by it management proves who asks. */
export interface JournalNode {
  readonly member: Member
  readonly keySalt: string
}

/** Milliseconds for a node to answer. */
const longestAnswer = 5000

/** Those that live, in order of their names. */
export async function livingNodes({ store }: LabOffice): Promise<readonly JournalNode[]> {
  const [clusters, all] = await Promise.all([store.clusters.list(), store.members.list()])
  return clusters
    .flatMap(({ name, keySalt, configuration }) =>
      livingMembers(
        all.filter(({ cluster }) => cluster === name),
        configuration.configurationRefreshIntervalSeconds,
      ).map((member) => ({ member, keySalt })),
    )
    .toSorted((one, other) => (one.member.nodeId < other.member.nodeId ? -1 : 1))
}

export type Asked<Answer> = { readonly node: string } & (
  | { readonly answer: Answer }
  | { readonly why: string; readonly keepsNone: boolean }
)

/** Asks one node. Never rejects. */
export async function askNode<Answer>(
  office: LabOffice,
  { member, keySalt }: JournalNode,
  method: ServerCall['method'],
  target: string,
  question: object | undefined,
): Promise<Asked<Answer>> {
  const node = member.nodeId
  const body = question === undefined ? {} : { body: JSON.stringify(question) }
  try {
    const call = { method, target, ...body }
    const response = await askServer(office, member, { keySalt, call, signal: answerWithin(longestAnswer) })
    const text = await response.text()
    if (response.ok) return { node, answer: (text === '' ? {} : JSON.parse(text)) as Answer }
    if (response.status === 404)
      return { node, keepsNone: true, why: `${node} keeps no journal: it was started with --no-journal or --no-lab` }
    return { node, keepsNone: false, why: `${node} answers HTTP ${response.status}` }
  } catch (error) {
    const { cause, message } = error as Error & { readonly cause?: { readonly code?: string } }
    return {
      node,
      keepsNone: false,
      why: `${node} could not be asked (${cause?.code ?? message}): what it has is not here`,
    }
  }
}

export async function askAll<Answer>(
  office: LabOffice,
  method: ServerCall['method'],
  target: string,
  question: (node: string) => object | undefined,
): Promise<readonly Asked<Answer>[]> {
  const nodes = await livingNodes(office)
  return Promise.all(nodes.map((one) => askNode<Answer>(office, one, method, target, question(one.member.nodeId))))
}

/** What management knows of the lives of nodes: one that began anew, or is gone, has taken its part of the journal with it. */
export interface KnownLives {
  /** Of each that lives, what it said; whoever is not among them is gone. @returns gaps since it was known first */
  readonly see: (parts: readonly LifeSign[], reached: ReadonlySet<string>) => readonly Gap[]
}

type LifeSign = Pick<Part, 'node' | 'boot' | 'began' | 'last' | 'dropped'>

export function knownLives(): KnownLives {
  const lives = new Map<string, NodePosition>()
  const lost = new Map<string, Gap>()
  return {
    see: (parts, living) => {
      for (const { node, boot, began, last } of parts) {
        const before = lives.get(node)
        if (before !== undefined && before.boot !== boot && before.sequence > 0)
          lost.set(`${node} ${before.boot}`, { node, text: restarted(node, before, began) })
        lives.set(node, { boot, sequence: last })
      }
      for (const [node, before] of lives) {
        if (living.has(node)) continue
        lives.delete(node)
        if (before.sequence > 0) lost.set(`${node} ${before.boot}`, { node, text: gone(node, before) })
      }
      const dropped = parts
        .filter((part) => part.dropped > 0)
        .map(({ node, dropped }) => ({
          node,
          text: `${exchanges(dropped)} of ${node} had to make room for later ones`,
        }))
      return [...[...lost.values()].slice(-mostLost), ...dropped]
    },
  }
}

/** A node that dies again and again is not told of for ever. */
const mostLost = 20

function restarted(node: string, { sequence }: NodePosition, began: number): string {
  return `${node} was started anew at ${new Date(began).toISOString()}: what it had kept before is gone, at least ${exchanges(sequence)}`
}

function gone(node: string, { sequence }: NodePosition): string {
  return `${node} is gone, and what it had kept: at least ${exchanges(sequence)}`
}

function exchanges(count: number): string {
  return count === 1 ? '1 exchange' : `${count} exchanges`
}
