import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { readyMachine } from '../../src/client/index.js'
import { defaultXmlLimits, outerText, readXml } from '../../src/xml/read.js'
import { checkChain } from '../../src/xrml/chain.js'
import { readDocuments, readOneDocument } from '../../src/xrml/document.js'
import { documentOf, knownDocument, knownElements } from '../../src/xrml/known-documents.js'

const texts = readyMachine('bob-pc-mode2').chain.map((document) => document.text)
const [leaf = ''] = texts
const message = `<soap:A xmlns:soap="urn:s" xmlns="urn:d"><B>${texts.join('</B><B>')}</B></soap:A>`
const read = (text: string) => readXml(text, defaultXmlLimits, knownElements())

t.test(
  'documents are known when their signature was found good, not before, and not out of a longer text',
  async (t) => {
    checkChain(readDocuments(texts.join('')))
    t.equal(knownDocument(leaf), undefined)
    const documents = texts.map((text) => readOneDocument(text))
    t.equal(knownDocument(leaf), undefined)
    t.ok(checkChain(documents).ok)
    t.same(texts.map(knownDocument), documents)
  },
)

t.test('a message with them gives their elements, each with its document', async (t) => {
  const roots = read(message).children.map((holder) => holder.children[0])
  t.same(
    roots.map((root) => (root === undefined ? undefined : documentOf(root))),
    texts.map(knownDocument),
  )
  t.same(
    roots.map((root) => (root === undefined ? '' : outerText(root))),
    texts,
  )
})

t.test('whatever is changed makes it another document', async (t) => {
  for (const changed of [
    leaf.replace('<BODY', '<BODY '),
    leaf.replace(/\d(?=<\/ISSUEDTIME>)/, 'x'),
    ` ${leaf}`,
    leaf.replace('</SIGNATURE>', '</SIGNATURE> '),
  ]) {
    t.not(changed, leaf)
    t.equal(knownDocument(changed), undefined)
    const root = read(`<A>${changed}</A>`).children[0]
    t.equal(
      root === undefined ? undefined : documentOf(root),
      changed.trim() === leaf ? knownDocument(leaf) : undefined,
    )
  }
})

t.test('beginnings without an end, and ends without a beginning, are read as they stand', async (t) => {
  const odd = `<A>${'<XrML a="b"/>'.repeat(50)}${leaf}<XrML ><C/></XrML>${'<VALUE></VALUE>'.repeat(3)}${leaf}</A>`
  const children = read(odd).children
  t.equal(children.length, 56)
  t.equal(children.map(outerText).join(''), odd.slice(3, -4))
  t.equal(children.filter((child) => documentOf(child) !== undefined).length, 2)
})

t.test('small leaves do not keep all the large certificates that came with them', async (t) => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  // What stands outside of BODY is not signed, and base64 is read over what is none: anybody makes as many as he likes.
  const padded = (text: string): string => text.replace('<BODY', () => `<X>${'x'.repeat(500_000)}</X><BODY`)
  const another = (text: string, at: number): string =>
    text.replace(
      '</VALUE></SIGNATURE></XrML>',
      (ending) => `${at.toString(2).replaceAll('0', '!').replaceAll('1', '?')}${ending}`,
    )
  const parents: WeakRef<object>[] = []
  for (let at = 1; at <= 60; at++) {
    const chain = [another(leaf, at), padded(texts[1] ?? ''), ...texts.slice(2)].map((text) => readOneDocument(text))
    t.ok(checkChain(chain).ok)
    parents.push(new WeakRef(chain[1] as object))
  }
  await nextTurn()
  collectGarbage()
  t.ok(parents.filter((parent) => parent.deref() !== undefined).length < 40)
})
