/** What to look for in the request log (adrms-deployment 3.7), as an administrator asks. */
import type { RequestLogQuery } from '../cluster/request-log.js'
import { isTime } from '../calendar-day.js'
import type { Store } from '../cluster/store/open.js'
import { problem } from './problem.js'

export interface RequestFilter {
  readonly cluster?: string
  readonly node?: string
  readonly user?: string
  readonly listener?: string
  readonly operation?: string
  readonly requestId?: string
  readonly result?: 'Succeeded' | 'Failed'
  readonly since?: string
  readonly until?: string
}

/**
 * The filter as the request log takes it: the account by its full name, times in UTC.
 * @throws Problem 400
 */
export async function queryOf(
  store: Store,
  { cluster, node, listener, user, operation, requestId, result, since, until }: RequestFilter,
): Promise<RequestLogQuery> {
  return {
    ...(cluster === undefined ? {} : { clusterName: cluster }),
    ...(node === undefined ? {} : { hostMachineName: node }),
    ...(listener === undefined ? {} : { listener }),
    // Somebody who was deleted is still in the log.
    ...(user === undefined ? {} : { user: (await store.directory.accountByName(user))?.name ?? user }),
    ...(operation === undefined ? {} : { requestType: operation }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(result === undefined ? {} : { successOrFailure: result }),
    ...(since === undefined ? {} : { since: instant('since', since) }),
    ...(until === undefined ? {} : { until: instant('until', until) }),
  }
}

/** The form that the log has, in which times compare as text. */
function instant(name: string, text: string): string {
  const inUtc = /T[^Z+-]*$/.test(text) ? `${text}Z` : text
  return isTime(inUtc) ? new Date(inUtc).toISOString() : problem(400, `${name} is no time: ${text}`)
}
