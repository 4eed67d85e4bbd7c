/** Exchanges for the tests of the journal: what is not said is ordinary. */
import type { Given } from '../../../src/lab/journal/arena.js'
import type { Ended, Exchange } from '../../../src/lab/journal/exchange.js'

type Parts = Partial<Omit<Exchange, 'request' | 'answer'>> & {
  readonly request?: Partial<Ended['request']> & { readonly body?: Given }
  readonly answer?: Partial<Ended['answer']> & { readonly body?: Given }
}

/** As a journal is told of it: its bodies come beside it. */
export function ended(parts: Parts = {}): [Ended, Given, Given] {
  const { sequence: _, request, answer, ...rest } = exchange(parts)
  const [{ body: asked, ...head }, { body: answered, ...headOfAnswer }] = [request, answer]
  return [{ ...rest, request: head, answer: headOfAnswer }, asked as Given, answered as Given]
}

export function exchange({ request, answer, ...rest }: Parts = {}): Exchange {
  return {
    sequence: 1,
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

export function refused(
  why: string,
  exception = 'Microsoft.DigitalRightsManagement.Licensing.DrmacIsExcludedException',
) {
  return { step: 'verify account', exception, rule: 'it is not excluded', why, facts: undefined }
}
