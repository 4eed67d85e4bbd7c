import t from 'tap'
import { createNodeJournal } from '../../../src/lab/journal/node-journal.js'
import { labMachine } from '../../../src/xrml/lab-hierarchy.js'
import { ended } from './exchanges.js'

const journalOf = (secrets = false) =>
  createNodeJournal({
    limits: { bytes: 1e8, entries: 1000 },
    telling: { node: 'root-1', cluster: 'root', secrets },
    boot: 'mim',
    began: 5,
    nearMisses: async () => [],
  })
const chain = labMachine('alice-pc-mode2').chain.map(({ text }) => text)

t.test('each document is told once, with when and where it was seen', async (t) => {
  const journal = journalOf()
  for (let number = 1; number <= 50; number++)
    journal.add(
      ...ended({
        requestId: `mim-${number}`,
        ended: number,
        time: new Date(Date.UTC(2026, 0, number)),
        request: { body: number % 2 === 0 ? `<a>${chain.join('')}${chain[0]}</a>` : `<a>${chain[0]}</a>` },
      }),
    )
  const documents = await journal.documents()
  t.equal(documents.length, chain.length)
  t.match(documents[0], {
    kind: 'SPC',
    first: '2026-01-01T00:00:00.000Z',
    last: '2026-02-19T00:00:00.000Z',
    ended: 50,
    seen: 50,
    exchanges: { length: 20, 0: 'root-1.mim-50' },
  })
  t.match(documents.at(-1), { kind: 'CA', seen: 25, first: '2026-01-02T00:00:00.000Z' })
  t.equal((await journal.documentText(documents[0]?.hash ?? ''))?.text, chain[0])
  t.equal(await journal.documentText('0'.repeat(64)), undefined)
  journal.clear()
  t.same(await journal.documents(), [])
})

t.test('what only begins like a document is told as one of unknown kind', async (t) => {
  const journal = journalOf()
  journal.add(
    ...ended({ request: { body: '<XrML><BODY type="Microsoft Rights Label">' }, answer: { body: '&lt;XrML &bad;' } }),
  )
  t.match(await journal.documents(), [{ kind: 'PL', characters: 42 }])
})

t.test('requests go on while documents are looked for', async (t) => {
  const journal = journalOf()
  for (let number = 0; number < 100; number++) journal.add(...ended({ request: { body: chain[0] } }))
  let turns = 0
  const count = (): void => {
    turns++
    next = setImmediate(count)
  }
  let next = setImmediate(count)
  await journal.documents()
  clearImmediate(next)
  t.ok(turns >= 5, `${turns} turns`)
})
