/** What came of a load run, in sentences: for the page and for the terminal. */
import { number } from '../charts/frame.js'
import type { LoadResult } from './result.js'

/** The first one says the most. */
export function sentences({
  offered,
  answered,
  latency,
  refusals,
  nodes,
  answeredPerSecond,
  offeredPerSecond,
}: LoadResult): readonly string[] {
  if (offered === 0) return ['No request was sent: the run was over before the first one was due.']
  const all =
    answered === offered
      ? `All ${number(offered)} requests were answered`
      : `${number(answered)} of ${number(offered)} requests were answered`
  const times = answered === 0 ? '' : `, half of them within ${time(latency.p50)}, 95 % within ${time(latency.p95)}`
  const reasons = refusals
    .slice(0, 3)
    .map(({ reason, count }) => (refusals.length === 1 ? reason : `${reason} (${number(count)})`))
  const why =
    refusals.length === 0
      ? []
      : [`${number(offered - answered)} were not: ${reasons.join('; ')}${refusals.length > 3 ? ' …' : ''}.`]
  const behind =
    answeredPerSecond < 0.9 * offeredPerSecond
      ? [
          `The cluster could not keep up: ${number(offeredPerSecond)} requests a second came, ${number(answeredPerSecond)} were answered.`,
        ]
      : []
  const [least, most] = [Math.min(...nodes.map(({ share }) => share)), Math.max(...nodes.map(({ share }) => share))]
  const shares = nodes.length < 2 ? [] : [`${nodes.length} servers answered, each ${shareText(least, most)} % of it.`]
  return [`${all}${times}.`, ...why, ...behind, ...shares]
}

/** Shares that read the same are one. */
function shareText(least: number, most: number): string {
  const [low, high] = [number(100 * least), number(100 * most)]
  return low === high ? low : `between ${low} and ${high}`
}

/** Whether the figures are the cluster's. */
export function limitSentence({ limits }: Pick<LoadResult, 'limits'>): string {
  if (limits.length === 0)
    return 'Neither the load generator nor this machine was a limit: the figures are those of the cluster.'
  return `The cluster may not have been the only limit: ${limits.join('; ')}.`
}

/** Milliseconds as people say them; a dash where there is no such time. */
export function time(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return '–'
  return milliseconds >= 1000 ? `${number(milliseconds / 1000)} s` : `${number(milliseconds)} ms`
}
