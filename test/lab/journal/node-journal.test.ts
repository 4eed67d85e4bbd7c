import t from 'tap'
import type { PlacedEntry } from '../../../src/lab/journal/node-journal.js'
import { createNodeJournal } from '../../../src/lab/journal/node-journal.js'
import { ended, refused } from './exchanges.js'

const telling = { node: 'root-1', cluster: 'root', secrets: false }
const journalOf = (entries = 100, nearMisses = async () => [{ kind: 'archived', text: 'It was archived' }]) =>
  createNodeJournal({ limits: { bytes: 1e9, entries }, telling, boot: 'mim', began: 5, nearMisses })
const everything = { filter: {}, limit: 1000, messages: false }
const number = (sequence: number) => ({ requestId: `mim-${sequence}`, ended: sequence })

t.test('the latest ones that fit are told, with what is there and what had to go', async (t) => {
  const journal = journalOf(5)
  t.match(await journal.read(everything), { first: 1, last: 0, kept: 0, dropped: 0, matched: 0, entries: [] })
  for (let sequence = 1; sequence <= 7; sequence++)
    journal.add(...ended({ ...number(sequence), operation: sequence % 2 === 0 ? 'Certify' : 'AcquireLicense' }))
  const part = await journal.read({ filter: { operation: 'AcquireLicense' }, limit: 2, messages: false })
  t.match(part, { node: 'root-1', boot: 'mim', began: 5, first: 3, last: 7, kept: 5, dropped: 2, matched: 3 })
  t.same(
    part.entries.map(({ sequence, entry }) => [sequence, entry.id]),
    [
      [5, 'root-1.mim-5'],
      [7, 'root-1.mim-7'],
    ],
  )
  t.same(
    (await journal.read({ ...everything, after: 3, before: 6 })).entries.map(({ sequence }) => sequence),
    [4, 5],
  )
  t.same((await journal.read({ ...everything, limit: 0 })).entries, [])
  journal.clear()
  t.match(await journal.read(everything), { first: 8, last: 7, kept: 0, dropped: 0 }, 'numbers go on')
})

t.test('an entry alone has its messages; in lists they are where they are asked for', async (t) => {
  const journal = journalOf()
  journal.add(...ended(number(1)))
  t.match(await journal.find('mim-1'), { request: { body: '<a/>' }, answer: { status: 200, body: '<b/>' } })
  t.equal(await journal.find('mim-2'), undefined)
  t.equal((await journal.read(everything)).entries[0]?.entry.request, undefined)
  t.equal((await journal.read({ ...everything, messages: true })).entries[0]?.entry.request?.body, '<a/>')
})

t.test('near misses are looked for at refusals alone', async (t) => {
  const journal = journalOf()
  journal.add(...ended(number(1)))
  journal.add(...ended({ ...number(2), refusals: [refused('it is excluded')] }))
  const { entries } = await journal.read(everything)
  t.same(
    entries.map(({ entry }) => [entry.outcome, entry.nearMisses, entry.decision.map(({ found }) => found)]),
    [
      ['Succeeded', [], []],
      ['Failed', [{ kind: 'archived', text: 'It was archived' }], ['it is excluded']],
    ],
  )
  t.match((await journal.nearest({ user: 'alice' }, 1))[0], {
    entry: { id: 'root-1.mim-2' },
    differences: [{ field: 'user', wanted: 'alice' }],
  })
})

t.test('who follows gets each in order, also where the near misses of one take longer', async (t) => {
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  const journal = journalOf(100, async () => {
    await held
    return []
  })
  const told: PlacedEntry[] = []
  let enough = (): void => undefined
  const all = new Promise<void>((resolve) => (enough = resolve))
  const stop = journal.follow({ operation: 'AcquireLicense' }, true, (entry) => {
    if (told.push(entry) === 3) enough()
  })
  journal.add(...ended({ ...number(1), refusals: [refused('slow to explain')] }))
  journal.add(...ended(number(2)))
  journal.add(...ended({ ...number(3), operation: 'Certify' }))
  journal.add(...ended(number(4)))
  t.same(told, [], 'nothing overtakes the first one')
  release()
  await all
  t.same(
    told.map(({ sequence }) => sequence),
    [1, 2, 4],
  )
  t.equal(told[0]?.entry.request?.body, '<a/>')
  stop()
  journal.add(...ended(number(5)))
  await journal.read(everything)
  t.equal(told.length, 3)
})
