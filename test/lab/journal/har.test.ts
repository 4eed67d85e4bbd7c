import { Ajv } from 'ajv'
import t from 'tap'
import { entryOf, messagesOf } from '../../../src/lab/journal/entry.js'
import type { Exchange } from '../../../src/lab/journal/exchange.js'
import { toHar } from '../../../src/lab/journal/har.js'
import { toNdjson } from '../../../src/lab/journal/ndjson.js'
import { exchange, refused } from './exchanges.js'
import { harSchema } from './har-schema.js'

const telling = { node: 'root-1', cluster: 'root', secrets: false }
const isHar = new Ajv({ allErrors: true }).compile(harSchema)

const entryWith = (one: Exchange) => ({ ...entryOf(one, telling), ...messagesOf(one, telling) })
const entries = [
  exchange(),
  exchange({
    requestId: 'mim-2',
    refusals: [refused('the key of bob is excluded')],
    answer: { status: 500 },
    steps: [{ step: 'parse', milliseconds: 0.123 }],
    faults: ['slow'],
  }),
  exchange({
    operation: 'GET /authorize',
    request: {
      method: 'GET',
      url: 'http://rms.test/common/oauth2/authorize?client_id=a&code=secret',
      headers: ['Cookie', 'a=1; b=2'],
      body: undefined,
    },
    answer: {
      status: 302,
      headers: { location: 'app://done?code=secret', 'set-cookie': ['a=1; Path=/', 'b=2'] },
      body: undefined,
    },
  }),
  exchange({
    request: { headers: [], body: Buffer.from([0, 1, 255]) },
    answer: { headers: {}, body: Buffer.from([255]) },
  }),
].map(entryWith)

t.test('entries are a HAR 1.2, with cookies, queries, bodies and what HAR has no place for', async (t) => {
  const har = toHar(entries, '1.2.3')
  t.ok(isHar(har), JSON.stringify(isHar.errors))
  t.equal(har.log.entries.length, entries.length)
  t.match(har.log.entries[1], {
    time: 1.23,
    comment: 'the key of bob is excluded',
    _faults: ['slow'],
    response: { status: 500 },
  })
  t.match(har.log.entries[2], {
    request: {
      cookies: [{ name: 'a' }, { name: 'b' }],
      queryString: [{ name: 'client_id', value: 'a' }, { name: 'code' }],
    },
    response: { status: 302, statusText: 'Found', cookies: [{ name: 'a' }, { name: 'b' }] },
  })
  t.match(har.log.entries[3], {
    request: { bodySize: 3, postData: { text: 'AAH/' } },
    response: { content: { size: 1, encoding: 'base64', text: '/w==' } },
  })
  t.notMatch(JSON.stringify(har), /secret/)
})

t.test('the schema sees what is no HAR', async (t) => {
  const har = JSON.parse(JSON.stringify(toHar(entries, '1'))) as { log: { entries: Record<string, unknown>[] } }
  for (const [name, value] of [
    ['time', -1],
    ['startedDateTime', 'yesterday'],
    ['cache', undefined],
    ['operation', 'AcquireLicense'],
  ] as const) {
    const [first, ...rest] = har.log.entries
    t.notOk(isHar({ log: { ...har.log, entries: [{ ...first, [name]: value }, ...rest] } }), name)
  }
})

t.test('entries without their messages are in no HAR', async (t) => {
  t.same(toHar([entryOf(exchange(), telling)], '1').log.entries, [])
})

t.test('NDJSON has a line for each entry', async (t) => {
  const lines = toNdjson(entries).split('\n')
  t.equal(lines.pop(), '')
  t.same(
    lines.map((line) => JSON.parse(line) as unknown),
    entries,
  )
})
