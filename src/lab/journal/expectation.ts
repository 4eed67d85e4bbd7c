/** How many exchanges there should be. */

/** Exactly one of them is given. */
export interface Expectation {
  readonly exactly?: number
  readonly atLeast?: number
  readonly atMost?: number
  readonly never?: boolean
}

export interface Verdict {
  readonly ok: boolean
  readonly count: number
  /** `exactly 2`, `at least 1`, `at most 3`, `never` */
  readonly expected: string
}

/** @returns undefined when not exactly one of them is given */
export function judge({ exactly, atLeast, atMost, never }: Expectation, count: number): Verdict | undefined {
  const given = [
    exactly === undefined ? undefined : { ok: count === exactly, expected: `exactly ${exactly}` },
    atLeast === undefined ? undefined : { ok: count >= atLeast, expected: `at least ${atLeast}` },
    atMost === undefined ? undefined : { ok: count <= atMost, expected: `at most ${atMost}` },
    never === true ? { ok: count === 0, expected: 'never' } : undefined,
  ].filter((one) => one !== undefined)
  const [only] = given
  return only === undefined || given.length > 1 ? undefined : { ...only, count }
}
