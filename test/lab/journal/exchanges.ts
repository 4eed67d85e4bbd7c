/** Exchanges for the tests of the journal: what is not said is ordinary. */
import type { Ended } from '../../../src/lab/journal/node-journal.js'
import type { Exchange } from '../../../src/lab/journal/exchange.js'

type Parts = Partial<Omit<Exchange, 'request' | 'answer'>> & {
  readonly request?: Partial<Ended['request']>
  readonly answer?: Partial<Ended['answer']>
}

export function ended({ request, answer, ...rest }: Parts = {}): Ended {
  return {
    requestId: 'boot-1',
    clientRequestId: undefined,
    time: new Date('2026-01-02T03:04:05.000Z'),
    ended: 1000,
    milliseconds: 1.234,
    clock: { mode: 'real' },
    listener: 'direct',
    operation: 'AcquireLicense',
    user: 'CONTOSO\\bob',
    addresses: ['bob@contoso.test'],
    steps: [],
    failed: (rest.refusals ?? []).length > 0,
    refusals: [],
    faults: [],
    metadata: {},
    ...rest,
    request: {
      method: 'POST',
      url: 'http://rms.test/_wmcs/licensing/license.asmx',
      httpVersion: '1.1',
      headers: ['Host', 'rms.test', 'Content-Type', 'text/xml; charset=utf-8'],
      body: '<a/>',
      ...request,
    },
    answer: { status: 200, headers: { 'content-type': 'text/xml; charset=utf-8' }, body: '<b/>', ...answer },
  }
}

export function exchange(parts: Parts = {}): Exchange {
  return { sequence: 1, ...ended(parts) }
}

export function refused(
  why: string,
  exception = 'Microsoft.DigitalRightsManagement.Licensing.DrmacIsExcludedException',
) {
  return { step: 'verify account', exception, rule: 'it is not excluded', why, facts: undefined }
}
