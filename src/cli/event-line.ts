/** What happens to servers, as one line for people: read from log lines that are about no exchange. */
import type { Paint } from '../explain/paint.js'
import { textOf, type LogFacts } from './exchange.js'
import { clockTime, narrowest } from './exchange-line.js'
import { wrapped } from './text-width.js'

export interface EventRecord {
  readonly time: Date
  /** The server or process that it is about; '' for the installation. */
  readonly about: string
  readonly text: string
  readonly kind: 'good' | 'change' | 'warning' | 'error'
}

const warning = 40
const error = 50

/** Of lesser importance, and still what people want to see. */
const shown: readonly (readonly [RegExp, EventRecord['kind']])[] = [
  [/^node \S+ is ready$/, 'good'],
  [/^node \S+ (?:is|drains|has left|has joined)\b/, 'change'],
  [/ is back$|has the lock on its database again$|is there again$/, 'good'],
  [
    /^the node list has changed$|^set in the lab: |^nothing is set in the lab |^the database was upgraded |taken from the member list$|are in the database$/,
    'change',
  ],
]

/** What a start has done to something of the user's, as its log says: it is shown when the screen is free again. */
export function isNewsOfStart(facts: LogFacts): boolean {
  return facts['news'] === true
}

/** @returns undefined for what people need not see while everything is well */
export function eventOf(facts: LogFacts): EventRecord | undefined {
  const message = textOf(facts['msg'])
  const level = typeof facts['level'] === 'number' ? facts['level'] : warning
  const kind = level >= error ? 'error' : level >= warning ? 'warning' : shown.find(([form]) => form.test(message))?.[1]
  if (kind === undefined) return undefined
  const about = textOf(facts['node']) || textOf(facts['process']) || textOf(facts['cluster']) || textOf(facts['server'])
  const why = whyOf(facts, kind)
  const words = wordsOf(message)
  const time = typeof facts['time'] === 'number' ? new Date(facts['time']) : new Date(0)
  return { time, about, text: why === '' || words.includes(why) ? words : `${words}: ${why}`, kind }
}

/** Log messages name what they are about, or not; here it stands before them. */
function wordsOf(message: string): string {
  return message === 'a process died' ? 'died' : message.replace(/^node \S+ /, '')
}

/** That it was found ready is why it is ready. */
function whyOf(facts: LogFacts, kind: EventRecord['kind']): string {
  if (kind === 'good') return ''
  return (
    [facts['why'], facts['reason'], facts['how'], messageOf(facts['err'])].map(textOf).find((text) => text !== '') ?? ''
  )
}

function messageOf(err: unknown): unknown {
  return typeof err === 'object' && err !== null && 'message' in err ? err.message : undefined
}

/** @returns one line, more where the text does not fit */
export function eventLines({ time, about, text, kind }: EventRecord, width: number, paint: Paint): readonly string[] {
  const indent = '         '
  const [first = '', ...others] = wrapped(
    about === '' ? text : `${about} ${text}`,
    Math.max(width, narrowest) - indent.length,
  )
  const color = { good: paint.good, change: paint.strong, warning: paint.note, error: paint.bad }[kind]
  return [`${paint.dim(clockTime(time))} ${color(first)}`, ...others.map((line) => `${indent}${color(line)}`)]
}
