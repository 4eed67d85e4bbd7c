/** Which nodes of the member list live. */
import type { Member } from './store/member-store.js'

/** Milliseconds of silence after which a node counts as gone, beside others that speak; more where nodes speak seldom. */
const longestSilence = 60_000

/**
 * Those seen as lately as the others. They are compared with each other, not with a clock: while the database is away all are silent, and none
 * of them is gone.
 * @param members of one cluster
 * @param refreshInterval seconds after which a node of it says again that it lives: `configurationRefreshIntervalSeconds`
 */
export function livingMembers(members: readonly Member[], refreshInterval: number): readonly Member[] {
  const newest = Math.max(...members.map(({ lastSeen }) => Date.parse(lastSeen)))
  const longest = Math.max(longestSilence, 3000 * refreshInterval)
  return members.filter(({ lastSeen }) => newest - Date.parse(lastSeen) <= longest)
}
