/** explain on real documents: the lab's and, where they are at hand, genuine ones. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { jsonLines, run } from './command.js'

interface Explained {
  readonly documents: readonly {
    readonly kind: string
    readonly ok: boolean
    readonly digest: { readonly ok: boolean; readonly expected: string; readonly found: string }
    readonly signature: { readonly ok: boolean }
  }[]
  readonly trust: { readonly ok: boolean; readonly why: string }
  readonly firstProblem?: { readonly check: string; readonly document?: number }
}

const folder = t.testdir()

async function explained(name: string): Promise<{ readonly code: number | null; readonly result: Explained }> {
  const outcome = await run(['explain', name, '--json'])
  return { code: outcome.code, result: (jsonLines(outcome) as Explained[])[0] as Explained }
}

t.test('the chains of the lab are good and trusted', async (t) => {
  for (const machine of ['alice-pc-mode1', 'bob-pc-mode2']) {
    const { code, result } = await explained(`certs/machines/${machine}/spc.xrml`)
    t.equal(code, 0)
    t.ok(result.documents.length >= 3)
    t.ok(
      result.documents.every(
        ({ ok, digest, signature }) => ok && digest.ok && signature.ok && digest.expected === digest.found,
      ),
    )
    t.equal(result.trust.ok, true)
    t.notOk('firstProblem' in result)
  }
})

t.test(
  'one changed character is found: which document, what was expected, what is there; the others are judged all the same',
  async (t) => {
    const text = readFileSync('certs/machines/alice-pc-mode2/spc.xrml', 'utf8')
    const path = join(folder, 'changed.xrml')
    writeFileSync(path, text.replace('alice', 'alicf').replace('<ISSUEDTIME>2', '<ISSUEDTIME>1'))
    const { code, result } = await explained(path)
    t.equal(code, 1)
    t.match(result.firstProblem, { check: 'digest', document: 1 })
    t.equal(result.documents[0]?.digest.ok, false)
    t.not(result.documents[0]?.digest.expected, result.documents[0]?.digest.found)
    t.ok(result.documents.slice(1).every(({ digest, signature }) => digest.ok && signature.ok))
    const people = await run(['explain', path])
    t.match(people, {
      code: 1,
      stderr: '',
      stdout: /digest +BAD[^]*expected \S+[^]*found {4}\S+[^]*Document 1 \(SPC\), digest/,
    })
  },
)

t.test('a file without any document fails with that reason', async (t) => {
  const path = join(folder, 'empty.txt')
  writeFileSync(path, '')
  const { code, result } = await explained(path)
  t.equal(code, 1)
  t.match(result, { documents: [], trust: { ok: false, why: 'there is no XrML document in it' } })
})

const vectors = '../shared/vectors'
const skip = existsSync(vectors) ? false : `the genuine documents are not at ${vectors}`
t.test('genuine documents verify, and are not trusted; one changed character fails', { skip }, async (t) => {
  const names = readdirSync(vectors).filter((name) => name.endsWith('.xrml'))
  t.ok(names.length > 5)
  for (const name of names) {
    const { code, result } = await explained(join(vectors, name))
    t.equal(code, 1, name)
    t.equal(result.trust.ok, false, `${name} is not of the lab`)
    t.match(result.firstProblem, { check: 'trust' }, name)
    t.ok(result.documents.length > 0 && result.documents.every(({ digest }) => digest.ok), name)
  }
  const bytes = readFileSync(join(vectors, 'ms-rmpr-4.5.2-rac.xrml'))
  const changed = bytes.toString('latin1').replace(/Windows/i, 'Windowz')
  const result = (
    jsonLines(await run(['explain', '-', '--json'], { input: Buffer.from(changed, 'latin1') })) as Explained[]
  )[0]
  t.match(result?.firstProblem, { check: 'digest' })
})
