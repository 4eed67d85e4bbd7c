/** What a node holds of the lab, and what an exchange has of its controls. */
import t from 'tap'
import { anonymousCaller } from '../../src/identity/caller.js'
import { labHeader, type ControlledExchange, type LabControl, type LabRequest } from '../../src/lab/exchange.js'
import { createNodeLab } from '../../src/lab/node-lab.js'
import { activeControls, isActive, noLab, parseLabState, stateText, type LabState } from '../../src/lab/state.js'
import { testClock } from '../fixtures/test-clock.js'

const request: LabRequest = {
  id: 'r-1',
  time: new Date('2026-01-01T00:00:00Z'),
  node: 'root-1',
  cluster: 'root',
  listener: 'direct',
  method: 'POST',
  url: '/_wmcs/licensing/license.asmx',
  endpoint: '/_wmcs/licensing/license.asmx',
  headers: {},
  rawHeaders: [],
  origin: 'http://rms.test',
  httpVersion: '1.1',
  from: '127.0.0.1',
}
const answer = { status: 200, headers: { 'content-type': 'text/xml' }, body: '<a/>' }

t.test('a state is written and read again; what it has too much is refused', async (t) => {
  const state: LabState = {
    version: 3,
    clock: { mode: 'step', at: '2026-01-01T00:00:00Z', by: 'PT1S', from: 5 },
    faults: { busy: { effect: { http: 503 } } },
    servers: { 'root-1': { skew: '-PT10M' }, 'root-2': { paused: true, slow: { median: 'PT1S', sigma: 0.5 } } },
    installation: { databaseAway: true },
  }
  t.same(parseLabState(stateText(state), 3), state)
  t.same(parseLabState('{}', 0), noLab)
  const behind: LabState = { ...noLab, clock: { mode: 'offset', by: '-P40Y' } }
  t.same(parseLabState(stateText(behind), 0), behind)
  t.throws(() => parseLabState('{"clocks":{}}', 1), { name: 'LabInputError', message: /did you mean "clock"\?/ })
  t.throws(() => parseLabState('{"servers":{"root-1":{"skew":"5m"}}}', 1), { message: /"PT5M"/ })
  t.throws(() => parseLabState('{', 1), { message: /is no JSON/ })
  t.throws(() => parseLabState(' '.repeat(300_000), 1), { message: /at most 262144/ })
  t.throws(() => parseLabState('{"servers":{"root-1":{"pause":true}}}', 1), { message: /did you mean "paused"\?/ })
  t.throws(() => parseLabState('{"servers":{"root-1":{"paused":"yes"}}}', 1), {
    message: /"paused" is "yes": write true/,
  })
  t.throws(() => parseLabState('{"installation":{"database":true}}', 1), { message: /"databaseAway"/ })
  t.same(activeControls(state), [
    'clock steps from 2026-01-01T00:00:00Z by PT1S',
    'fault busy',
    'server root-1: clock off by -PT10M',
    'server root-2: paused, slow by PT1S or so',
    'database away',
  ])
  t.notOk(isActive(noLab))
})

t.test('a node takes the latest state, whatever comes after it', async (t) => {
  const lab = createNodeLab({ nodeId: 'root-1', clock: testClock('2026-01-02T00:00:00Z') })
  t.equal(lab.set({ ...noLab, version: 2, clock: { mode: 'frozen', at: '2030-01-01T00:00:00Z' } }), 2)
  t.equal(lab.set({ ...noLab, version: 1 }), 2, 'an older one that came late changes nothing')
  t.equal(lab.clock.now().toISOString(), '2030-01-01T00:00:00.000Z')
  lab.set({ ...noLab, version: 3, servers: { 'root-1': { skew: 'PT1M' }, 'root-2': { skew: 'PT2M' } } })
  t.equal(lab.clock.now().toISOString(), '2026-01-02T00:01:00.000Z', 'its own skew alone')
  t.equal(lab.set(noLab), 3)
})

t.test('nothing is asked of controls that have nothing to do', async (t) => {
  const begun: string[] = []
  const control = (name: string): LabControl => ({
    follow: ({ faults }) => name in faults,
    begin: () => void begun.push(name),
  })
  const lab = createNodeLab({ nodeId: 'root-1', clock: testClock(), controls: [control('one'), control('two')] })
  t.notOk(lab.isWatching())
  t.equal(lab.begin(request), undefined)
  lab.set({ ...noLab, version: 1, faults: { two: {} } })
  t.ok(lab.isWatching())
  t.equal(lab.begin(request), undefined, 'a control may leave an exchange alone')
  t.same(begun, ['two'])
})

t.test('an exchange is told to each control in turn, and the last one sees what travels', async (t) => {
  const told: string[] = []
  const fault: ControlledExchange = {
    effects: (point) => (point === 'operation' ? [{ fault: 'slow', effect: { kind: 'delay', milliseconds: 5 } }] : []),
    rewrite: ({ body, ...rest }) => ({ fault: 'broken', answer: { ...rest, body: `${body.toString()}<!-- -->` } }),
  }
  const journal: ControlledExchange = {
    received: (body) => told.push(`received ${String(body)}`),
    signedIn: ({ authenticationType }) => told.push(`signed in ${authenticationType}`),
    operation: (name) => told.push(`operation ${name}`),
    step: (name, ms) => told.push(`step ${name} ${ms}`),
    outcome: ({ refusal }) => told.push(`outcome ${refusal?.why ?? 'good'}`),
    answered: ({ body, headers }) => told.push(`answered ${body.toString()} ${String(headers['x-lab'])}`),
    ended: ({ faults }) => told.push(`ended ${faults.join(' ')}`),
  }
  const control = (part: ControlledExchange): LabControl => ({ follow: () => true, begin: () => part })
  const lab = createNodeLab({ nodeId: 'root-1', clock: testClock(), controls: [control(fault), control(journal)] })
  const exchange = lab.begin(request)
  t.same(await exchange?.effects('request'), [])
  exchange?.received('<b/>')
  exchange?.signedIn(anonymousCaller)
  exchange?.operation('AcquireLicense')
  t.same(await exchange?.effects('operation'), [{ fault: 'slow', effect: { kind: 'delay', milliseconds: 5 } }])
  exchange?.step('read', 2)
  exchange?.outcome({ operation: 'AcquireLicense', received: [], issued: [], metadata: {}, refusal: { why: 'no' } })
  const travels = await exchange?.rewrite(answer)
  t.same(travels, {
    ...answer,
    headers: { ...answer.headers, 'x-lab': 'fault=slow, fault=broken' },
    body: '<a/><!-- -->',
  })
  exchange?.answered(travels ?? answer)
  exchange?.ended()
  exchange?.ended()
  t.same(told, [
    'received <b/>',
    'signed in Anonymous',
    'operation AcquireLicense',
    'step read 2',
    'outcome no',
    'answered <a/><!-- --> fault=slow, fault=broken',
    'ended slow broken',
  ])
  t.equal(labHeader(['a', 'b']), 'fault=a, fault=b')
})

t.test('an answer that no fault touched stays as it is', async (t) => {
  const control: LabControl = { follow: () => true, begin: () => ({}) }
  const lab = createNodeLab({ nodeId: 'root-1', clock: testClock(), controls: [control] })
  t.equal(await lab.begin(request)?.rewrite(answer), answer)
})
