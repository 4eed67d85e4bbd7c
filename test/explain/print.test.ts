import t from 'tap'
import { explain } from '../../src/explain/explain.js'
import { printExplanation } from '../../src/explain/print.js'
import { labMachine, labTrustRoot } from '../../src/xrml/lab-hierarchy.js'

const options = { trustRoots: [labTrustRoot(1)], now: new Date('2026-03-02T00:00Z') }
const machine = labMachine('alice-pc-mode1')
  .chain.map((document) => document.text)
  .join('')

t.test('a good chain: a line for each check, aligned, and the verdict', async (t) => {
  const lines = printExplanation(explain(Buffer.from(machine), options)).split('\n')
  t.match(lines[0], /^Document 1 {2}SPC, Machine \(key [0-9a-f]{10}\), issued 2020-01-01T00:00$/)
  t.same(
    lines.slice(1, 8).map((line) => line.slice(0, 19)),
    [
      '  form       ok    ',
      '  surface    ok    ',
      '  digest     ok    ',
      '  signature  ok    ',
      '  issuer     ok    ',
      '  dates      ok    ',
      '  rights     ok    ',
    ],
  )
  t.ok(lines.includes('Trust'))
  t.match(lines.at(-3), /^ {2}1-5 {8}ok {4}leads to the pinned root LAB DRM Root Mode 1 \(key /)
  t.same(lines.slice(-2), ['', 'Good and trusted: 5 documents.'])
})

t.test('a bad digest: what was expected and what was found stand under each other', async (t) => {
  const found = explain(Buffer.from(machine.replace('Machine</NAME>', 'Machinf</NAME>')), options)
  const text = printExplanation(found)
  t.match(
    text,
    `             -     expected ${found.firstProblem?.expected}\n             -     found    ${found.firstProblem?.found}\n`,
  )
  t.match(text, /\nDocument 1 \(SPC\), digest: the text of BODY is not the one that was signed\.$/)
  t.match(text, /1-5 {8}BAD {3}document 1 \(SPC\) is not good/)
})

t.test('colors go through the paint, and only there', async (t) => {
  const wrap = (letter: string) => (text: string) => `[${letter}:${text}]`
  const paint = { good: wrap('g'), bad: wrap('b'), note: wrap('n'), dim: wrap('d'), strong: wrap('s') }
  const painted = printExplanation(explain(Buffer.from(machine.replaceAll(' />', '/>')), options), paint)
  t.match(painted, '[s:Document 1]')
  t.match(painted, '[d:digest    ] [n:note]  SHA1')
  t.match(painted, '[g:Good and trusted: 5 documents.]')
  const stripped = painted.replaceAll(/\[[gbnds]:([^\]]*)\]/g, '$1')
  t.equal(stripped, printExplanation(explain(Buffer.from(machine.replaceAll(' />', '/>')), options)))
})

t.test('files without a document, and documents that cannot be read', async (t) => {
  t.equal(printExplanation(explain(Buffer.from('hello'), options)), 'There is no XrML document in it.')
  t.match(
    printExplanation(explain(Buffer.from('<XrML><a>'), options)),
    /^Document 1 {2}of unknown kind\n {2}form {7}BAD {3}unclosed tag/,
  )
})

t.test('names of strangers do not move the cursor', async (t) => {
  const hostile = machine.replace('Machine</NAME>', 'a&#x9b;2J&#x202e;b&#10;c</NAME>')
  const text = printExplanation(explain(Buffer.from(hostile), options))
  t.match(text, 'SPC, a 2J b c (key')
  t.notMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
})
