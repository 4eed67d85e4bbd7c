/** Why an exchange was refused: the step, the rule, what it wanted, and what it found. */
import type { Exchange, Refused } from './exchange.js'

export interface DecisionStep {
  /** '' before the steps of the operation: sign-in, and the reading of the message. */
  readonly step: string
  readonly rule: string
  readonly wanted: string
  readonly found: string
}

/** One for each refusal: a batch may have several. None for what succeeded. */
export function decisionOf({ refusals }: Pick<Exchange, 'refusals'>): readonly DecisionStep[] {
  return refusals.map(stepOf)
}

/** A refusal that nobody wrote facts for has its name for the rule. */
function stepOf({ step = '', exception, why, facts }: Refused): DecisionStep {
  return { step, rule: facts?.rule ?? exception, wanted: facts?.wanted ?? '', found: facts?.found ?? why }
}
