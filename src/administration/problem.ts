/** What an administrator is refused; the message says to people why, and what to do. */

/** The kinds of refusal: as HTTP numbers them, and by name. */
export const problemNames = {
  400: 'BadRequest',
  404: 'NotFound',
  409: 'Conflict',
  412: 'PreconditionFailed',
  501: 'NotImplemented',
  503: 'Unavailable',
  504: 'NotEverywhere',
} as const

export type ProblemStatus = keyof typeof problemNames

/** A request that is refused; the message says why and what to do. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: ProblemStatus
  constructor(status: ProblemStatus, message: string) {
    super(message)
    this.status = status
  }
}

/** Refuses the request. */
export function problem(status: ProblemStatus, message: string): never {
  throw new Problem(status, message)
}
