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

t.test('a long body does not push the reason away, on a terminal or in a pipe, unless it is asked for', async (t) => {
  for (const width of [80, Infinity]) {
    const short = entryScreen(entry, { width, wholeBodies: false }, plain)
    t.ok(short.length < 3000, `${short.length} characters`)
    t.match(short, /why +the reason/)
    t.match(short, /x…\nshort\n\(30013 octets in all: --bodies prints them, and --json\)\n\nAnswer/)
    const whole = entryScreen(entry, { width, wholeBodies: true }, plain)
    t.ok(whole.includes(`${message.body}\n\nAnswer`))
    t.notMatch(whole, /octets in all/)
  }
})

t.test('octets are counted, not characters, and many lines are as long as one', async (t) => {
  const screenOf = (body: string): string =>
    entryScreen({ ...entry, answer: { ...message, body, status: 500 } }, { width: 80, wholeBodies: false }, plain)
  t.match(screenOf('ü\n'.repeat(400)), /ü\n…\n\(1200 octets in all/)
  t.notMatch(screenOf('short\nand good').split('Answer')[1] ?? '', /octets|…/)
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
