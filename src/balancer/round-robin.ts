/** Round robin: each usable member in turn. Pure; who keeps the cursor, and what makes a member usable, is the caller's business. */

export interface Choice<Member> {
  readonly member: Member
  /** To be given with the next call. */
  readonly cursor: number
}

/**
 * The first usable member at or after the cursor, going round. Between changes of the list every usable member is chosen once before
 * any is chosen again, so that counts differ by one at most.
 * @param cursor 0 at the beginning; one that points beyond a list that has become shorter begins anew
 * @returns undefined when no member is usable
 */
export function chooseNext<Member>(
  members: readonly Member[],
  isUsable: (member: Member) => boolean,
  cursor: number,
): Choice<Member> | undefined {
  const count = members.length
  const start = cursor < count ? cursor : 0
  for (let step = 0; step < count; step++) {
    const index = (start + step) % count
    const member = members[index] as Member
    if (isUsable(member)) return { member, cursor: (index + 1) % count }
  }
  return undefined
}
