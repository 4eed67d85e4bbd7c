/** One exchange of the journal, for people. */
import t from 'tap'
import { entryLines, entryScreen } from '../../src/cli/journal-screen.js'
import { plain } from '../../src/explain/paint.js'
import { firstHalf, noCredentials } from '../../src/lab/journal/decision.js'
import type { JournalEntry } from '../../src/lab/journal/entry.js'

const message = {
  httpVersion: '1.1',
  headers: [{ name: 'Host', value: 'rms' }],
  body: `<a>${'x'.repeat(30_000)}</a>\nshort`,
}
const entry = {
  id: 'root-1.boot-1',
  time: '2026-01-01T00:00:00.000Z',
  node: 'root-1',
  cluster: 'root',
  listener: 'intranet',
  operation: 'AcquireLicense',
  user: '',
  outcome: 'Failed',
  status: 500,
  ms: 1,
  why: 'the reason',
  faults: [],
  steps: [],
  decision: [],
  nearMisses: [],
  documents: [],
  request: { ...message, method: 'POST', url: '/_wmcs/licensing/license.asmx' },
  answer: { ...message, status: 500 },
} as unknown as JournalEntry

t.test('on a terminal a long body does not push the reason away; in a pipe all of it is there', async (t) => {
  const terminal = entryScreen(entry, 80, plain)
  t.ok(terminal.length < 3000, `${terminal.length} characters`)
  t.match(terminal, /why +the reason/)
  t.match(terminal, /…\n\(29687 characters more: in a pipe or a file, and with --json, all of it is there\)\nshort/)
  t.ok(entryScreen(entry, Infinity, plain).includes(`${message.body}\n\nAnswer`))
})

t.test('who signs in is refused nothing yet: neither before nor in the middle of a dialogue', async (t) => {
  const found = (text: string): string =>
    entryLines(
      { ...entry, status: 401, decision: [{ step: '', rule: 'who calls has signed in', wanted: 'NTLM', found: text }] },
      120,
      plain,
    )[0] ?? ''
  t.match([noCredentials, firstHalf].map(found), [/ sign in /, / sign in /])
  t.match(found('the password is not that of the account'), / refused /)
})
