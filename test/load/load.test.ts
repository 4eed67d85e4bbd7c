/** The load generator: an open loop that loses nothing, results that add up, and a page that says what happened. */
import { createServer, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { good, judgeAnswer, notSent, unfinished } from '../../src/load/answer.js'
import { compareRuns, differentPlans } from '../../src/load/compare.js'
import { csvOf } from '../../src/load/csv.js'
import { runOpenLoop, type Sample } from '../../src/load/open-loop.js'
import { chooseOperation, loadOperations, readMix, soapNames } from '../../src/load/operations.js'
import { watchProgress, type LoadProgress } from '../../src/load/progress.js'
import { reportPage } from '../../src/load/report-page.js'
import { resultOf, type LoadPlan } from '../../src/load/result.js'
import { createSender } from '../../src/load/send.js'
import { sentences } from '../../src/load/sentences.js'
import { testClock, type TestClock } from '../fixtures/test-clock.js'
import { hangs } from '../fixtures/until.js'
import { fc } from '../fixtures/property.js'

const answer = `<x><${soapNames.license}Response /></x>`

async function serve(t: Test, handle: (response: ServerResponse, index: number) => void): Promise<string> {
  let count = 0
  const server = createServer((request, response) => void request.resume().on('end', () => handle(response, count++)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Requests are sent over real connections, when the clock that the test moves says so. */
function loopOf(
  origin: string,
  arrivals: readonly number[],
  more: { clock?: TestClock; connections?: number; signal?: AbortSignal; onSample?: (sample: Sample) => void } = {},
) {
  const { clock = testClock(), connections = 100, signal = new AbortController().signal } = more
  const request = { operation: 'license', origin, path: '/', headers: {}, body: 'x' } as const
  return runOpenLoop({
    arrivals,
    mix: readMix([{ key: 'license', value: 1 }]),
    requests: { license: [request] },
    sender: createSender({ connections, timeoutMilliseconds: hangs }),
    connections,
    chance: () => 0,
    clock,
    timers: clock,
    signal,
    grace: 10,
    onSample: more.onSample ?? (() => undefined),
  })
}

t.test('requests go out on time while earlier ones have no answer, and each counts from when it was due', async (t) => {
  const held: ServerResponse[] = []
  const origin = await serve(t, (response) => {
    held.push(response)
    if (held.length === 20) for (const one of held) one.setHeader('x-served-by', 'root-1').end(answer)
  })
  const clock = testClock()
  const running = loopOf(
    origin,
    Array.from({ length: 20 }, (_, index) => index * 0.01),
    { clock },
  )
  // A closed loop of any size below 20 would wait forever; the first one waits for all the others to be due.
  await clock.advance(190)
  const { samples, seconds } = await running
  t.equal(samples.length, 20)
  t.ok(samples.every(({ outcome, node }) => outcome === good && node === 'root-1'))
  t.ok(samples.every(({ at, took, late }) => Math.abs(at * 1000 + took - 190) < 1e-6 && late < 1e-6))
  t.equal(seconds, 0.19)
})

t.test('time that the generator lost is in the latency, not left out', async (t) => {
  const origin = await serve(t, (response) => void response.end(answer))
  const clock = testClock()
  let isAnswered = (): void => undefined
  const firstAnswer = new Promise<void>((resolve) => void (isAnswered = resolve))
  const running = loopOf(origin, [0, 0.05, 0.06, 0.07], { clock, onSample: () => isAnswered() })
  await firstAnswer
  clock.block(300)
  await clock.advance(0)
  const { samples } = await running
  const lost = samples
    .filter(({ at }) => at > 0)
    .toSorted((one, other) => one.at - other.at)
    .map(({ late, took }) => [late, took].map(Math.round))
  t.same(
    lost,
    [
      [250, 250],
      [240, 240],
      [230, 230],
    ],
    'requests that were due meanwhile',
  )
})

t.test('more requests under way than connections are counted, not queued', async (t) => {
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => void (release = resolve))
  const origin = await serve(t, (response) => void released.then(() => response.end(answer)))
  const clock = testClock()
  const running = loopOf(origin, [0, 0.001, 0.002, 0.003], {
    clock,
    connections: 2,
    onSample: (sample) => {
      if (sample.at === 0.003) release()
    },
  })
  await clock.advance(3)
  const { samples } = await running
  t.same(
    samples.toSorted((one, other) => one.at - other.at).map(({ outcome }) => outcome),
    [good, good, notSent, notSent],
  )
})

t.test('a run that is stopped sends no more, gives up what is under way, and keeps what it has', async (t) => {
  const stop = new AbortController()
  const origin = await serve(t, (response, index) => {
    if (index === 0) response.end(answer)
    else stop.abort()
  })
  const clock = testClock()
  const outcomes: string[] = []
  const onSample = ({ outcome }: Sample): void => void outcomes.push(outcome)
  const running = loopOf(origin, [0, 0.05, 1000], { clock, signal: stop.signal, onSample })
  await clock.advance(50)
  await clock.untilTimer(10)
  t.same(outcomes, [good], 'what is under way has a moment to end')
  await clock.advance(10)
  const { samples, seconds } = await running
  t.same(
    samples.map(({ outcome }) => outcome),
    [good, unfinished],
  )
  t.equal(seconds, 0.05)
})

t.test('how the run is going is told once a second, of the second that has gone by', async (t) => {
  const clock = testClock()
  const told: LoadProgress[] = []
  const progress = watchProgress({ clock, timers: clock }, 10, (now) => void told.push(now))
  for (const took of [10, 20, 30]) progress.add(sampleOf(0, { took }), 2)
  await clock.advance(1000)
  progress.add(sampleOf(0, refused), 0)
  await clock.advance(1000)
  progress.stop()
  await clock.advance(5000)
  t.match(told, [
    { seconds: 1, of: 10, answered: 3, refused: 0, p50: 20, underWay: 2, answeredInAll: 3, refusedInAll: 0 },
    { seconds: 2, of: 10, answered: 0, refused: 1, p50: NaN, underWay: 0, answeredInAll: 3, refusedInAll: 1 },
  ])
})

t.test('answers are what was asked for, or named by exception or status', async (t) => {
  const fault =
    '<s:Fault><faultcode>soap:Server</faultcode><faultstring>Microsoft.DigitalRightsManagement.Licensing.NoRightsForRequestedPrincipalException: no</faultstring></s:Fault>'
  t.equal(judgeAnswer('license', 200, answer), good)
  t.equal(judgeAnswer('certify', 200, answer), '200 without an answer to the question')
  t.equal(judgeAnswer('license', 500, fault), 'NoRightsForRequestedPrincipalException')
  t.equal(
    judgeAnswer(
      'license',
      200,
      '<AcquireLicenseException><ExceptionString>A.B.InvalidPersonaCertTimeException: late</ExceptionString>',
    ),
    'InvalidPersonaCertTimeException',
  )
  t.match(judgeAnswer('license', 503, '<html>'), /^503 the queue is full/)
  t.equal(judgeAnswer('license', 418, ''), '418')
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.constantFrom(...loadOperations),
        fc.integer({ min: 100, max: 599 }),
        fc.string(),
        (operation, status, body) => judgeAnswer(operation, status, body).length > 0,
      ),
    ),
  )
  const nowhere = await loopOf('http://127.0.0.1:1', [0])
  t.match(nowhere.samples[0]?.outcome, 'no answer: ECONNREFUSED')
})

t.test('operations are chosen by weight', async (t) => {
  const mix = readMix([
    { key: 'license', value: 3 },
    { key: 'certify', value: 1 },
  ])
  t.same(
    [0, 0.5, 0.749, 0.75, 0.999].map((chance) => chooseOperation(mix, chance)),
    ['license', 'license', 'license', 'certify', 'certify'],
  )
  t.throws(
    () => readMix([{ key: 'licence', value: 1 }]),
    /no operation "licence" for --mix: there are license, certify/,
  )
})

const plan: LoadPlan = {
  date: '2020-02-03T04:05:06.000Z',
  server: 'http://127.0.0.1:7000/_wmcs',
  shape: { name: 'constant', highestRate: 10, seconds: 10 },
  arrivals: 'poisson',
  mix: [
    { operation: 'license', weight: 3 },
    { operation: 'certify', weight: 1 },
  ],
  seed: 1,
  accounts: 3,
  contents: 20,
  connections: 100,
}
const machine = { eventLoopDelay: 1, generatorCpu: 0.1, machineCpu: 0.2, cores: 2 }

function sampleOf(index: number, more: Partial<Sample> = {}): Sample {
  return {
    at: index / 10,
    operation: index % 4 === 3 ? 'certify' : 'license',
    late: 1,
    took: 100 + index,
    outcome: good,
    node: `root-${(index % 3) + 1}`,
    ...more,
  }
}
const refused = { outcome: '503 the queue is full, or no server is ready', took: 2 }
const samples = Array.from({ length: 99 }, (_, index) => sampleOf(index, index % 10 === 9 ? refused : {}))

t.test('every request is counted once: by operation, server, reason and time', async (t) => {
  const anySample = fc.record({
    at: fc.double({ min: 0, max: 10, noNaN: true }),
    operation: fc.constantFrom('license' as const, 'certify' as const),
    late: fc.double({ min: 0, max: 5, noNaN: true }),
    took: fc.double({ min: 0, max: 5000, noNaN: true }),
    outcome: fc.constantFrom(good, 'NoRights', refused.outcome),
    node: fc.constantFrom('root-1', 'root-2', undefined),
  })
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  const property = fc.property(fc.array(anySample, { maxLength: 200 }), (all) => {
    const result = resultOf(plan, { samples: all, seconds: 10, isStopped: false, machine })
    const lengths = result.slices.map(({ until }, index) => until - (result.slices[index - 1]?.until ?? 0))
    const over = (of: 'offered' | 'answered' | 'refused'): number =>
      Math.round(sum(result.slices.map((slice, index) => slice[of] * (lengths[index] ?? 0))))
    return (
      result.offered === all.length &&
      sum(result.operations.map(({ offered }) => offered)) === all.length &&
      result.answered + sum(result.refusals.map(({ count }) => count)) === all.length &&
      sum(result.nodes.map(({ answers }) => answers)) === all.filter(({ node }) => node !== undefined).length &&
      over('offered') === all.length &&
      over('answered') === result.answered &&
      over('refused') === all.length - result.answered &&
      result.latency.count === result.answered
    )
  })
  t.doesNotThrow(() => fc.assert(property))
})

t.test('who set the pace besides the cluster is said', async (t) => {
  const limits = (more: object, all = samples) =>
    resultOf(plan, { samples: all, seconds: 10, isStopped: false, machine: { ...machine, ...more } }).limits.join()
  t.equal(limits({}), '')
  t.match(limits({ machineCpu: 0.95 }), /processors of this machine were busy to 95 %/)
  t.match(limits({ generatorCpu: 0.97 }), /generator used 97 %/)
  t.match(limits({ eventLoopDelay: 200 }), /event loop was 200 ms behind/)
  t.match(
    limits(
      {},
      samples.map((sample) => ({ ...sample, late: 500 })),
    ),
    /500 ms after its time/,
  )
  t.match(
    limits({}, [...samples, sampleOf(1, { outcome: notSent })]),
    /1 requests were not sent, because all 100 connections/,
  )
})

t.test('the page says what happened, compares, and needs nothing from elsewhere', async (t) => {
  const result = resultOf(plan, { samples, seconds: 10, isStopped: false, machine })
  const faster = resultOf(
    { ...plan, seed: 2 },
    {
      samples: samples.map((sample) => ({ ...sample, took: sample.took / 2 })),
      seconds: 10,
      isStopped: false,
      machine,
    },
  )
  const page = reportPage(result, faster)
  for (const wanted of [
    '90 of 99 requests were answered',
    '503 the queue is full',
    'root-3',
    'AcquireLicense',
    'Compared with the last run',
    'seed: 2 then, 1 now',
    'Neither the load generator',
  ])
    t.ok(page.includes(wanted), wanted)
  t.equal(page.match(/<svg/g)?.length, 4)
  t.notMatch(page, /<script|<link|<img|url\(|@import|NaN|undefined|Infinity/)
  t.same(
    [...page.matchAll(/https?:\/\/[^"<\s]+/g)]
      .map(([url]) => url)
      .filter((url) => url !== plan.server && !url.includes('www.w3.org')),
    [],
  )
  const hostile = '<img src=x onerror=alert(1)>'
  t.notMatch(
    reportPage(
      resultOf(
        { ...plan, server: hostile },
        {
          samples: samples.map((sample) => ({ ...sample, node: hostile, outcome: hostile })),
          seconds: 1,
          isStopped: true,
          machine,
        },
      ),
      undefined,
    ),
    '<img',
  )
  t.match(
    reportPage(resultOf(plan, { samples: [], seconds: 0, isStopped: true, machine }), undefined),
    /No request was sent/,
  )
})

t.test('two runs are compared by their figures, and what was asked differently is named', async (t) => {
  const before = resultOf(plan, { samples, seconds: 10, isStopped: false, machine })
  const now = resultOf(
    { ...plan, shape: { ...plan.shape, highestRate: 20 } },
    {
      samples: samples.map((sample) => ({ ...sample, took: sample.took * 1.5 })),
      seconds: 10,
      isStopped: false,
      machine,
    },
  )
  t.match(
    compareRuns(before, now).find(({ name }) => name === 'p95'),
    { verdict: 'worse', change: 0.5 },
  )
  t.match(
    compareRuns(now, before).find(({ name }) => name === 'p95'),
    { verdict: 'better' },
  )
  t.ok(compareRuns(before, before).every(({ verdict, change }) => verdict === 'same' && change === 0))
  t.same(differentPlans(before, now), ['rate: 10/s then, 20/s now'])
  t.same(differentPlans(before, before), [])
})

t.test('the first sentence says the most, and overload is called so', async (t) => {
  const all = samples.map((sample) => ({ ...sample, outcome: good }))
  t.match(
    sentences(resultOf(plan, { samples: all, seconds: 10, isStopped: false, machine }))[0],
    /^All 99 requests were answered, half of them within \d+ ms, 95 % within \d+ ms\.$/,
  )
  const slow = sentences(
    resultOf(plan, {
      samples: samples.map((sample) => ({ ...sample, took: 10_000 })),
      seconds: 10,
      isStopped: false,
      machine,
    }),
  )
  t.match(slow.join(' '), /could not keep up/)
  const even = resultOf(plan, { samples: all, seconds: 10, isStopped: false, machine })
  const node = { id: 'root-1', answers: 5, refused: 0, share: 0.5, p95: 1 }
  t.match(sentences({ ...even, nodes: [node, node] }).join(' '), /2 servers answered, each 50 % of it\./)
})

t.test('the CSV has a line for each request, quoted where it must be', async (t) => {
  const text = [...csvOf([sampleOf(2, { outcome: 'a,"b"' }), sampleOf(1, { node: undefined })])].join('')
  t.equal(
    text,
    'arrival_s,operation,late_ms,latency_ms,outcome,server\r\n0.1000,license,1.00,101.00,answered,\r\n0.2000,license,1.00,102.00,"a,""b""",root-3\r\n',
  )
})
