/** This run beside the last one. */
import { number } from '../charts/frame.js'
import type { LoadResult } from './result.js'
import { time } from './sentences.js'

export interface Difference {
  readonly name: string
  /** The value as people read it. */
  readonly show: (value: number) => string
  readonly before: number
  readonly now: number
  /** (now − before) / before; NaN when there is nothing to compare with. */
  readonly change: number
  /** A change of 5 % or more. */
  readonly verdict: 'better' | 'worse' | 'same'
}

interface Figure extends Pick<Difference, 'name' | 'show'> {
  readonly lessIsBetter: boolean
  readonly of: (result: LoadResult) => number
}

const figures: readonly Figure[] = [
  {
    name: 'answered',
    show: (value) => `${number(value)}/s`,
    lessIsBetter: false,
    of: ({ answeredPerSecond }) => answeredPerSecond,
  },
  {
    name: 'not answered',
    show: (value) => `${number(value)} %`,
    lessIsBetter: true,
    of: ({ offered, answered }) => (100 * (offered - answered)) / Math.max(1, offered),
  },
  { name: 'p50', show: time, lessIsBetter: true, of: ({ latency }) => latency.p50 },
  { name: 'p95', show: time, lessIsBetter: true, of: ({ latency }) => latency.p95 },
  { name: 'p99', show: time, lessIsBetter: true, of: ({ latency }) => latency.p99 },
]

const noticeable = 0.05

export function compareRuns(before: LoadResult, now: LoadResult): readonly Difference[] {
  return figures.map(({ name, show, lessIsBetter, of }) => {
    const [was, is] = [of(before), of(now)]
    const change = was === 0 ? (is === 0 ? 0 : NaN) : (is - was) / was
    const isSame = Math.abs(change) < noticeable || was === is
    return {
      name,
      show,
      before: was,
      now: is,
      change,
      verdict: isSame ? 'same' : is < was === lessIsBetter ? 'better' : 'worse',
    }
  })
}

/** What was asked differently, so that figures must differ; empty when both runs were the same. */
export function differentPlans({ plan: before }: LoadResult, { plan: now }: LoadResult): readonly string[] {
  const said = ({
    server,
    shape,
    arrivals,
    mix,
    seed,
    accounts,
    contents,
  }: LoadResult['plan']): Readonly<Record<string, string>> => ({
    server,
    shape: shape.name,
    rate: `${shape.highestRate}/s`,
    duration: `${shape.seconds} s`,
    arrivals,
    mix: mix.map(({ operation, weight }) => `${operation}=${weight}`).join(' '),
    seed: String(seed),
    accounts: String(accounts),
    contents: String(contents),
  })
  const [was, is] = [said(before), said(now)]
  return Object.entries(is).flatMap(([name, value]) =>
    was[name] === value ? [] : [`${name}: ${was[name]} then, ${value} now`],
  )
}
