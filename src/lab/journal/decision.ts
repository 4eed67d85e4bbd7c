/** Why an exchange was refused: the step, the rule, what it wanted, and what it found. */
import { textOf, type Exchange, type Refused } from './exchange.js'

export interface DecisionStep {
  /** '' before the steps of the operation: sign-in, and the reading of the message. */
  readonly step: string
  readonly rule: string
  readonly wanted: string
  readonly found: string
}

/** One for each refusal: a batch may have several. None for what succeeded. */
export function decisionOf(exchange: Pick<Exchange, 'refusals' | 'request' | 'answer'>): readonly DecisionStep[] {
  const { refusals, answer } = exchange
  if (refusals.length > 0) return refusals.map(refusedStep)
  return answer.status >= 400 || answer.status === 0 ? [{ step: '', ...byStatus(exchange) }] : []
}

/** A refusal that nobody wrote facts for has its sentence for the rule. */
function refusedStep({ step = '', rule, why, facts }: Refused): DecisionStep {
  return { step, rule: facts?.rule ?? rule, wanted: facts?.wanted ?? '', found: facts?.found ?? why }
}

/** What a refusal found that is none: it is how clients sign in. */
export const firstHalf = 'the first half of a dialogue: the answer has the next message'
export const noCredentials = 'no credentials'

/** What was refused before anybody looked into it, and what a client is asked for first. */
function byStatus({ request, answer }: Pick<Exchange, 'request' | 'answer'>): Omit<DecisionStep, 'step'> {
  const told = textOf(answer.body).trim().slice(0, 300)
  switch (answer.status) {
    case 0:
      return {
        rule: 'the exchange comes to its end',
        wanted: 'an answer',
        found: 'none: the client went away, or a fault',
      }
    case 401: {
      const schemes = [answer.headers['www-authenticate'] ?? ''].flat().join(', ')
      const isDialogue = /(?:NTLM|Negotiate)\s+\S/.test(schemes)
      const found = isDialogue ? firstHalf : noCredentials
      return { rule: 'who calls has signed in', wanted: schemes.replace(/(NTLM|Negotiate)\s+\S+/g, '$1'), found }
    }
    case 404:
      return { rule: 'there is something at the path', wanted: 'the path of a service', found: pathOf(request.url) }
    case 405:
      return {
        rule: 'the path is used by its method',
        wanted: String(answer.headers['allow'] ?? ''),
        found: request.method,
      }
    default:
      return { rule: 'the request can be taken', wanted: '', found: told }
  }
}

/** Without origin and query. */
export function pathOf(url: string): string {
  return url.replace(/^https?:\/\/[^/?#]*/, '').replace(/[?#][^]*$/, '')
}
