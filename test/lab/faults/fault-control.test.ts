/** The faults of a node: which of them strike, in which order they are asked and counted, and what a request may ask for itself. */
import t from 'tap'
import type { Account } from '../../../src/directory/directory.js'
import type { FiredEffect, LabRequest } from '../../../src/lab/exchange.js'
import { faultControl } from '../../../src/lab/faults/fault-control.js'
import type { InstalledFault } from '../../../src/lab/faults/fault.js'
import { namedIn } from '../../../src/lab/faults/named-guid.js'
import type { JsonObject } from '../../../src/lab/json-object.js'
import { noLab } from '../../../src/lab/state.js'
import { testClock } from '../../fixtures/test-clock.js'

const bob: Account = {
  sid: 'S-1-5-21-1-2-3-1102',
  sidHistory: [],
  name: 'CONTOSO\\bob',
  mail: 'bob@contoso.test',
  proxyAddresses: [],
  enabled: true,
}

const request: LabRequest = {
  id: '1',
  time: new Date('2026-01-01T00:00:00Z'),
  node: 'root-1',
  cluster: 'root',
  listener: 'direct',
  method: 'POST',
  url: '/_wmcs/licensing/license.asmx',
  endpoint: '/_wmcs/licensing/license.asmx',
  headers: {},
  rawHeaders: [],
  origin: 'http://127.0.0.1',
  httpVersion: '1.1',
  from: '127.0.0.1',
}

const fault = (given: Partial<InstalledFault>): InstalledFault => ({
  match: {},
  effect: { http: 503 },
  when: {},
  seed: 1,
  since: 1,
  ...given,
})

function desk(faults: Readonly<Record<string, InstalledFault>>, headerFaults = false) {
  const counted: string[] = []
  const struck: string[] = []
  const counts = new Map<string, number>()
  const timers = testClock()
  const control = faultControl({
    timers,
    headerFaults,
    onStrike: (name) => struck.push(name),
    count: async ({ name }) => {
      counted.push(name)
      counts.set(name, (counts.get(name) ?? 0) + 1)
      return counts.get(name) ?? 0
    },
  })
  const set = (next: typeof faults): boolean =>
    control.follow({ ...noLab, version: 1, faults: next as unknown as Record<string, JsonObject> })
  const watches = set(faults)
  const ask = async (given: Partial<LabRequest> = {}, body: unknown = ''): Promise<readonly FiredEffect[]> => {
    const exchange = control.begin({ ...request, ...given })
    if (exchange === undefined) return []
    const first = (await exchange.effects?.('request')) ?? []
    if (first.length > 0) return first
    exchange.received?.(body)
    exchange.signedIn?.({ isAuthenticated: true, authenticationType: 'Basic', account: bob })
    exchange.operation?.('AcquireLicense')
    return [...((await exchange.effects?.('operation')) ?? []), ...((await exchange.effects?.('answer')) ?? [])]
  }
  return { ask, set, watches, counted, struck, control, timers }
}

const kinds = (effects: readonly FiredEffect[]): readonly string[] =>
  effects.map(({ fault: name, effect }) => `${name} ${effect.kind}`)

t.test('without faults a node has nothing to watch, whatever a request says', async (t) => {
  const { watches, control } = desk({})
  t.notOk(watches)
  t.equal(control.begin({ ...request, headers: { 'x-lab-fault': 'acl-closed' } }), undefined)
})

t.test('faults act in the order of their names; who comes behind the end is not asked, nor counted', async (t) => {
  const { ask, counted, struck } = desk({
    c: fault({ effect: { reset: true } }),
    a: fault({ effect: { truncate: 5 } }),
    b: fault({ effect: { delay: 'PT1S' } }),
    bb: fault({ when: { next: 1, after: 1 }, effect: { exception: 'UnspecifiedError' } }),
    d: fault({}),
    other: fault({ match: { user: ['alice'] } }),
  })
  t.same(kinds(await ask()), ['b delay', 'c reset', 'a truncate'])
  t.same(counted, ['a', 'b', 'bb', 'c'])
  t.same(kinds(await ask()), ['b delay', 'bb refuse', 'a truncate'], 'its turn has come')
  t.same(struck, ['a', 'b', 'c', 'a', 'b', 'bb'])
})

t.test('a fault that cannot show in the answer is not there for it', async (t) => {
  const { ask, counted } = desk({
    rest: fault({ effect: { code: 'Busy' } }),
    document: fault({ effect: { document: 'wrong-order' } }),
  })
  t.same(kinds(await ask()), ['document issue'])
  t.same(kinds(await ask({ endpoint: '/my/v2/enduserlicenses' })), ['document issue', 'rest refuse'])
  t.same(counted, ['document', 'document', 'rest'])
})

t.test('a request asks for faults itself, set or ready, where that is allowed', async (t) => {
  const mine = fault({ when: { asked: true }, effect: { http: 500 } })
  const { ask, watches } = desk({ mine }, true)
  t.ok(watches)
  t.same(await ask(), [], 'nobody asked')
  t.same(kinds(await ask({ headers: { 'x-lab-fault': 'mine' } })), ['mine answer'])
  t.same(kinds(await ask({ headers: { 'x-lab-fault': 'template-deleted' } })), ['template-deleted refuse'])
  t.same(kinds(await ask({ headers: { 'x-lab-fault': 'clock-skew-node, mine' } })), [
    'clock-skew-node issue',
    'mine answer',
  ])
  const [unknown] = await ask({ headers: { 'x-lab-fault': 'templat-deleted' } })
  t.match(unknown?.effect, {
    kind: 'answer',
    answer: { status: 400, body: /"templat-deleted".*did you mean template-deleted\?/ },
  })
  t.same(await desk({ mine }).ask({ headers: { 'x-lab-fault': 'mine' } }), [], 'where it is not allowed, nothing is')
})

t.test('a request that is not answered waits for the end of its fault, and no longer than ten minutes', async (t) => {
  const silent = fault({ effect: { hang: true } })
  const { ask, set, timers } = desk({ silent })
  const ends = async (): Promise<AbortSignal> => {
    const [fired] = await ask()
    if (fired?.effect.kind !== 'hang') throw new Error('it does not hang')
    return fired.effect.ends
  }
  const [first, second] = [await ends(), await ends()]
  set({ silent, other: fault({}) })
  t.notOk(first.aborted, 'another fault changes nothing')
  set({ silent: { ...silent, since: 2 } })
  t.ok(first.aborted && second.aborted, 'it was set anew')
  const third = await ends()
  await timers.advance(600_000)
  t.ok(third.aborted)
  t.same(timers.timers(), [])
})

t.test('a GUID is found in SOAP, in JSON, and in licenses that are base64', async (t) => {
  const guid = '9a23d98e-4449-4ba5-812a-f30808f3cb16'
  const license = `<XrML><ID type="MS-GUID">{${guid.toUpperCase()}}</ID></XrML>`
  const utf16 = Buffer.from(`\uFEFF${license}`, 'utf16le').toString('base64')
  for (const body of [
    license,
    { License: Buffer.from(license).toString('base64') },
    { License: utf16 },
    { Nested: { TemplateId: guid } },
  ])
    t.ok(namedIn(body)(guid), JSON.stringify(body).slice(0, 60))
  for (const body of ['<x/>', {}, undefined, { License: '####' }, Buffer.from('x')]) t.notOk(namedIn(body)(guid))
})

t.test('from and to are by the clock of the lab', async (t) => {
  const { ask } = desk({ today: fault({ when: { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' } }) })
  t.same(kinds(await ask()), ['today answer'])
  t.same(await ask({ time: new Date('2026-01-02T00:00:00Z') }), [])
})
