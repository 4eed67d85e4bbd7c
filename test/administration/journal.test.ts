/** The journal of several nodes as management puts it together: every exchange once, in order per node; waiting by the event; what is gone is said. */
import { join } from 'node:path'
import t from 'tap'
import { takeTurns } from '../../src/administration/lab/turns.js'
import type { LabOffice } from '../../src/administration/lab/ask-server.js'
import { awaitEntries, followJournal } from '../../src/administration/lab/journal-follow.js'
import {
  clearJournal,
  findEntry,
  journalDesk,
  nearestEntries,
  readJournal,
  verifyJournal,
} from '../../src/administration/lab/journal.js'
import { openStore } from '../../src/cluster/store/open.js'
import { seedPassword } from '../../src/directory/seed.js'
import { systemClock, systemRandom } from '../../src/effects.js'
import type { JournalEntry } from '../../src/lab/journal/entry.js'
import { readPosition } from '../../src/lab/journal/position.js'
import { defaultNodeOptions, startNode, type RunningNode } from '../../src/node/start.js'
import { serverNamespace } from '../../src/services/server/messages.js'
import { envelopeNamespaces } from '../../src/soap/envelope.js'
import { testClock } from '../fixtures/test-clock.js'

/** With a number behind the file's name, so many requests: `node build/test/administration/journal.test.js 2000` is the whole of it. */
const amount = Number(process.argv[2] ?? 240)
const connections = 16

const database = join(t.testdir(), 'rms.sqlite')
const journal = { limits: { bytes: 64 * 1024 * 1024, entries: 2000 }, secrets: false }
const start = (nodeId: string, more: object = {}): Promise<RunningNode> =>
  startNode({ database, mode: 1, nodeId, provision: nodeId === 'root-1', journal, ...more })
const nodes: RunningNode[] = []
for (const nodeId of ['root-1', 'root-2', 'root-3', 'root-4']) nodes.push(await start(nodeId))
const store = await openStore(database)
t.teardown(async () => {
  await Promise.all(nodes.map((node) => node.close()))
  await store.close()
})
const clock = testClock()
const office: LabOffice = {
  store,
  keyPassword: defaultNodeOptions.keyPassword,
  fetchFrom: fetch,
  turns: takeTurns(),
  clock: systemClock,
  timers: clock,
  random: systemRandom,
}
const desk = journalDesk(office)
const everything = { filter: {}, limit: 10_000, messages: false }

const operation = `<GetServerInfo xmlns="${serverNamespace}"><requests><ServerInfoRequest><Type>VersionInfo</Type></ServerInfoRequest></requests></GetServerInfo>`
const body = `<s:Envelope xmlns:s="${envelopeNamespaces['1.1']}"><s:Body>${operation}</s:Body></s:Envelope>`

/** @returns X-Request-Id of the answer, with the node: the id of the entry */
async function ask(node: RunningNode | undefined, user = 'alice', password = seedPassword): Promise<string> {
  const authorization = `Basic ${Buffer.from(`CONTOSO\\${user}:${password}`).toString('base64')}`
  const answer = await fetch(`${node?.url}/_wmcs/certification/server.asmx`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml; charset=utf-8', authorization },
    body,
  })
  await answer.text()
  return `${node?.nodeId}.${answer.headers.get('x-request-id')}`
}

const ids = (entries: readonly JournalEntry[]): readonly string[] => entries.map(({ id }) => id)

t.test(
  `${connections} clients, ${amount} requests, 4 nodes: every exchange is there once, in order per node`,
  async (t) => {
    const asked: string[] = []
    let left = amount
    const client = async (): Promise<void> => {
      while (left-- > 0) asked.push(await ask(nodes[left % nodes.length], left % 2 === 0 ? 'alice' : 'bob'))
    }
    await Promise.all(Array.from({ length: connections }, client))
    const { entries, matched, gaps } = await readJournal(desk, everything)
    t.same(ids(entries).toSorted(), asked.toSorted())
    t.equal(matched, amount)
    t.same(gaps, [])
    for (const { nodeId, context } of nodes) {
      const own = await context.journal?.read(everything)
      t.same(
        ids(entries.filter(({ node }) => node === nodeId)),
        own?.entries.map(({ entry }) => entry.id),
        `${nodeId} in its order`,
      )
    }
    t.notMatch(JSON.stringify(await readJournal(desk, { ...everything, messages: true })), new RegExp(seedPassword))
  },
)

t.test('pages go back to the first exchange, and each is on one of them', async (t) => {
  const seen: string[] = []
  let before: string | undefined
  do {
    const page = await readJournal(desk, { filter: { user: 'bob' }, limit: 50, messages: false, before })
    seen.unshift(...ids(page.entries))
    before = page.earlier
  } while (before !== undefined)
  const all = await readJournal(desk, { ...everything, filter: { user: 'bob' } })
  t.same(seen, ids(all.entries))
})

t.test('whoever reads on from a position gets what came later', async (t) => {
  const { position } = await readJournal(desk, { ...everything, limit: 1 })
  t.same((await readJournal(desk, { ...everything, after: position })).entries, [])
  const id = await ask(nodes[2])
  t.same(ids((await readJournal(desk, { ...everything, after: position })).entries), [id])
  await t.rejects(readJournal(desk, { ...everything, after: 'yesterday' }), { message: /no position/ })
})

t.test('one is found by its id, with what was said', async (t) => {
  const id = await ask(nodes[1], 'bob', 'wrong')
  const entry = await findEntry(desk, id)
  t.match(entry, {
    status: 401,
    outcome: 'Failed',
    decision: [{ step: 'sign in' }],
    nearMisses: [{ kind: 'wrong password' }],
    request: { body: '', url: /^http:\/\/127/ },
    answer: { status: 401 },
  })
  for (const wrong of ['root-1', 'root-9.a-1', 'root-1.none-1'])
    await t.rejects(findEntry(desk, wrong), { name: 'Problem' }, wrong)
})

t.test('who waits is told by the exchange itself, whatever the time; those that are there count', async (t) => {
  await clearJournal(desk)
  await ask(nodes[0])
  const wanted = {
    filter: { operation: 'GetServerInfo', user: 'alice' },
    milliseconds: 5000,
    from: 'beginning' as const,
  }
  t.match(await awaitEntries(office, { ...wanted, count: 1 }), { isComplete: true, entries: [{ node: 'root-1' }] })
  const waiting = awaitEntries(office, { ...wanted, count: 3 })
  await clock.untilTimer(500)
  await ask(nodes[3], 'bob')
  await ask(nodes[3])
  await ask(nodes[1])
  const { isComplete, entries } = await waiting
  t.ok(isComplete, 'no time went by')
  t.same(
    entries.map(({ node }) => node),
    ['root-1', 'root-4', 'root-2'],
  )
  t.same(clock.timers(), [], 'nothing goes on')
})

t.test('who waits in vain is told what came nearest', async (t) => {
  const filter = { operation: 'GetServerInfo', user: 'carol' }
  const waiting = awaitEntries(office, { filter, count: 1, milliseconds: 5000, from: 'beginning' })
  await clock.untilTimer(500)
  await clock.advance(5000)
  t.match(await waiting, { isComplete: false, entries: [] })
  const near = await nearestEntries(desk, filter)
  t.equal(near.length, 3)
  t.match(near[0], { operation: 'GetServerInfo', differences: [{ field: 'user', wanted: 'carol', found: /alice/ }] })
})

t.test('how many there were is verified, and what is mistyped is no answer', async (t) => {
  const match = { operation: 'GetServerInfo', user: 'alice' }
  t.match(await verifyJournal(desk, { match, exactly: 3 }), { ok: true, count: 3, nearest: [] })
  t.match(await verifyJournal(desk, { match, never: true }), { ok: false, count: 3, expected: 'never', nearest: [] })
  t.match(await verifyJournal(desk, { match: { user: 'carol' }, atLeast: 1 }), {
    ok: false,
    count: 0,
    nearest: [{}, {}, {}],
  })
  await t.rejects(verifyJournal(desk, { match }), { message: /exactly, atLeast or atMost/ })
  for (const [wrong, meant] of [
    [{ operation: 'AcquireLicence' }, /did you mean AcquireLicense/],
    [{ node: 'root-11' }, /root-1\?/],
    [{ cluster: 'rot' }, /root\?/],
    [{ exception: 'NoRightForRequestedPrincipal' }, /NoRightsForRequestedPrincipal/],
    [{ since: 'noon' }, /2026-01-01T00:00:00Z/],
  ] as const)
    await t.rejects(verifyJournal(desk, { match: wrong, never: true }), { message: meant }, JSON.stringify(wrong))
})

t.test(
  'what a node had that was started anew, or is gone, is said to be gone; who follows hears of the new one',
  async (t) => {
    await ask(nodes[3])
    const { position } = await readJournal(desk, everything)
    const end = new AbortController()
    const heard: string[] = []
    const gaps: string[] = []
    let told = (): void => undefined
    const next = (): Promise<void> => new Promise((resolve) => (told = resolve))
    await followJournal(
      office,
      {
        filter: {},
        messages: false,
        from: readPosition(position) ?? 'now',
        onEntry: ({ entry }, reached) => {
          heard.push(entry.id)
          t.ok(readPosition(reached)?.has(entry.node))
          told()
        },
        onGap: ({ text }) => void gaps.push(text),
      },
      end.signal,
    )
    const first = next()
    const before = await ask(nodes[3])
    await first
    await nodes[3]?.close()
    nodes[3] = await start('root-4')
    const after = await ask(nodes[3])
    const second = next()
    await clock.advance(500)
    await second
    end.abort()
    t.same(heard, [before, after], 'also what came before it was heard again')
    t.match(gaps, [/^root-4 was started anew/])
    const page = await readJournal(desk, everything)
    t.match(page.gaps, [{ node: 'root-4', text: /started anew at .*at least \d+ exchange/ }])
    await nodes.pop()?.close()
    t.match((await readJournal(desk, everything)).gaps.at(-1), { node: 'root-4', text: /gone/ })
  },
)

t.test('a node without a journal says so, and one whose journal is small what had to go', async (t) => {
  const more = [
    await start('root-5', { journal: undefined }),
    await start('root-6', { journal: { ...journal, limits: { bytes: 1e6, entries: 2 } } }),
  ]
  for (let index = 0; index < 3; index++) await ask(more[1])
  const { gaps } = await readJournal(desk, everything)
  t.match(gaps.find(({ node }) => node === 'root-5')?.text, /--no-journal/)
  t.match(gaps.find(({ node }) => node === 'root-6')?.text, /1 exchange of root-6 had to make room/)
  await Promise.all(more.map((node) => node.close()))
})

t.test('nobody else is answered', async (t) => {
  for (const [method, path] of [
    ['POST', '/lab/journal/read'],
    ['POST', '/lab/journal/follow'],
    ['DELETE', '/lab/journal'],
  ] as const) {
    const answer = await fetch(`${nodes[0]?.url}${path}`, {
      method,
      ...(method === 'POST' ? { headers: { 'content-type': 'application/json' }, body: '{"filter":{}}' } : {}),
    })
    t.equal(answer.status, 403, path)
  }
})
