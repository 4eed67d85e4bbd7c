/** What an answer means: what was asked for, or why not. */
import { exceptionNames } from '../soap/fault.js'
import { soapNames, type LoadOperation } from './operations.js'

/** What was asked for. */
export const good = 'answered'
/** The reason of a request for which no connection was free. */
export const notSent = 'not sent: no connection was free'
/** The reason of a request that had no answer when the run was stopped. */
export const unfinished = 'unfinished: the run was stopped'

/** @returns `good`, or the reason: the exception of a fault, or the status */
export function judgeAnswer(operation: LoadOperation, status: number, body: string): string {
  if (status === 200) {
    const [refused] = exceptionNames(/<ExceptionString>([^<]*)</.exec(body)?.[1] ?? '')
    if (refused !== undefined) return shortened(refused)
    return body.includes(`<${soapNames[operation]}Response`) ? good : '200 without an answer to the question'
  }
  const [fault] = exceptionNames(faultText(body))
  if (fault !== undefined) return shortened(fault)
  switch (status) {
    case 401:
      return '401 not admitted'
    case 503:
      return '503 the queue is full, or no server is ready'
    case 504:
      return '504 the balancer did not wait longer'
    default:
      return `${status}`
  }
}

/** Why there is no answer. */
export function judgeError(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return 'no answer in time'
  return code === '' ? 'no answer' : `no answer: ${code}`
}

function faultText(body: string): string {
  return /<faultstring>([^<]*)<\/faultstring>/.exec(body)?.[1] ?? ''
}

/** The exception's own name: the namespaces before it are the same for all. */
function shortened(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}
