/** One exchange as a server has logged it when it had answered. Read from its log line; what prints it knows nothing of logs. */

export interface ExchangeRecord {
  readonly time: Date
  /** Name of the server that answered; '' where it did not say. */
  readonly server: string
  /** Operation; where none was found, the path of the request. */
  readonly operation: string
  /** Account that called; '' for nobody. */
  readonly who: string
  /** `sign in`: nobody has said who calls, and the client is asked for it; `failed`: the server could not do its work. */
  readonly outcome: 'served' | 'refused' | 'sign in' | 'failed'
  /** HTTP status of a refusal; undefined where it was not logged. */
  readonly status: number | undefined
  /** Full name of the exception; undefined where there was none. */
  readonly exception: string | undefined
  /** The step of the operation that refused. */
  readonly step: string | undefined
  /** Why, with the values. */
  readonly reason: string
  readonly milliseconds: number | undefined
  /** By which the request log has it. */
  readonly requestId: string | undefined
}

export type LogFacts = Readonly<Record<string, unknown>>

/** @returns undefined when the line is about something else */
export function exchangeOf(facts: LogFacts): ExchangeRecord | undefined {
  const message = textOf(facts['msg'])
  const isUnexpected = message === 'unexpected error' && 'path' in facts
  if (!['served', 'refused', 'sign-in refused'].includes(message) && !isUnexpected) return undefined
  const status = numberOf(facts['status'])
  const why = textOf(facts['why'])
  const parts = partsOf(why)
  return {
    time: new Date(numberOf(facts['time']) ?? 0),
    server: textOf(facts['server']),
    operation: textOf(facts['operation']) || textOf(facts['path']),
    who: textOf(facts['user']),
    outcome: outcomeOf(message, status, why),
    status,
    ...parts,
    milliseconds: numberOf(facts['ms']),
    requestId: textOf(facts['id']) || undefined,
  }
}

function outcomeOf(message: string, status: number | undefined, why: string): ExchangeRecord['outcome'] {
  if (message === 'served') return 'served'
  if (message === 'sign-in refused' && /^(?:no credentials|no token)/i.test(why)) return 'sign in'
  return message === 'unexpected error' || status === 503 ? 'failed' : 'refused'
}

/** `Exception at step "step": reason`, as log and request log say it; plain reasons have no exception before them. */
function partsOf(why: string): Pick<ExchangeRecord, 'exception' | 'step' | 'reason'> {
  const [, exception, step, reason = ''] =
    /^((?:[A-Z]\w*\.)+\w+|soap:\w+)(?: at step "([^"]*)")?: (.*)$/s.exec(why) ?? []
  return exception === undefined ? { exception, step, reason: why } : { exception, step, reason }
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
