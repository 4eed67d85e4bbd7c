import t from 'tap'
import { decodeText } from '../../src/xml/decode.js'
import { child, innerText, outerText, readXml, readXmlSequence } from '../../src/xml/read.js'
import { asMarkup, element, joined, text } from '../../src/xml/write.js'
import { fc } from '../fixtures/property.js'

/** What a value becomes on its way through XML 1.0: what cannot be carried is gone, lone surrogates are replaced. */
const carried = (value: string): string => value.toWellFormed().replace(/[\u0000-\u0008\u000B-\u001F\uFFFE\uFFFF]/g, '')
const anyText = fc.string({ unit: 'binary', maxLength: 60 })
const loneSurrogates = fc.string({
  unit: fc.constantFrom('\uD800', '\uDC00', 'a', '\r', '\n', '\t', '&', '<', '"', ']]>'),
  maxLength: 12,
})

t.test('text and attributes of any characters come back as they were written', async () => {
  fc.assert(
    fc.property(fc.oneof(anyText, loneSurrogates), fc.oneof(anyText, loneSurrogates), (content, attribute) => {
      const read = readXml(element('A', { b: attribute }, element('C', {}, text(content))))
      return read.attributes.b === carried(attribute) && (child(read, 'C')?.text ?? '') === carried(content)
    }),
  )
})

interface Node {
  readonly name: string
  readonly content: string
  readonly children: readonly Node[]
}

const tree = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.record({
    name: fc.constantFrom('A', 'BODY', 'x-y', 'É'),
    content: anyText,
    children: fc.oneof({ maxDepth: 4 }, fc.constant([]), fc.array(tie('node'), { maxLength: 3 })),
  }),
})).node

const write = (node: Node): ReturnType<typeof text> =>
  element(node.name, {}, text(node.content), node.children.map(write))

t.test('the span of every element is exactly the text it was written as', async () => {
  fc.assert(
    fc.property(fc.array(tree, { minLength: 1, maxLength: 3 }), fc.boolean(), (nodes, declared) => {
      const written = nodes.map(write)
      const read = readXmlSequence(
        written.map((markup) => (declared ? `<?xml version="1.0"?>${markup}` : markup)).join(''),
      )
      const same = (node: Node, found: (typeof read)[number] | undefined): boolean =>
        found !== undefined &&
        outerText(found) === write(node) &&
        node.children.every((inner, index) => same(inner, found.children[index]))
      return read.length === nodes.length && nodes.every((node, index) => same(node, read[index]))
    }),
  )
})

t.test('the surface is that of the genuine servers', async (t) => {
  t.equal(element('X'), '<X />')
  t.equal(element('X', { a: undefined }, undefined, text('')), '<X />')
  t.equal(element('X', { b: 1, a: '"<\n\t>&' }), '<X b="1" a="&quot;&lt;&#xA;&#x9;&gt;&amp;" />')
  t.equal(element('X', {}, [asMarkup('<Y />'), undefined], text('a\r\nb')), '<X><Y />a\nb</X>')
  t.equal(joined(asMarkup('<A />'), undefined, [asMarkup('<B />')]), '<A /><B />')
})

t.test('names, namespaces and contents are told apart', async (t) => {
  const root = readXml(
    '<s:A xmlns:s="urn:s" xmlns="urn:d" s:k="1" k2=\'2\'><B xmlns=""><![CDATA[<&]]>&#65;<!-- no --></B><C/></s:A>',
  )
  t.match(root, { name: 'A', namespace: 'urn:s' })
  t.same({ ...root.attributes }, { k: '1', k2: '2' })
  t.match(root.children[0], { name: 'B', namespace: '', text: '<&A' })
  t.match(root.children[1], { name: 'C', namespace: 'urn:d', text: '' })
  t.equal(innerText(root.children[0] ?? root), '<![CDATA[<&]]>&#65;<!-- no -->')
  t.equal(outerText(root.children[1] ?? root), '<C/>')
})

t.test('an attribute called __proto__ is an attribute', async (t) => {
  const { attributes } = readXml('<A __proto__="x" constructor="y"/>')
  t.equal(attributes.constructor, 'y')
  t.same(Object.keys(attributes), ['__proto__', 'constructor'])
  t.equal(({} as Record<string, unknown>).x, undefined)
})

t.test('text is decoded from every form it travels in', async (t) => {
  const source = '<A>Žluť 𝒳\n</A>'
  const forms = {
    'UTF-8': Buffer.from(source),
    'UTF-8 with a mark': Buffer.from(`\uFEFF${source}`),
    'UTF-16LE': Buffer.from(source, 'utf16le'),
    'UTF-16LE with a mark': Buffer.from(`\uFEFF${source}`, 'utf16le'),
    'UTF-8 with NULs behind': Buffer.from(`${source}\0\0\0`),
    'UTF-16LE with a NUL behind': Buffer.from(`${source}\0`, 'utf16le'),
  }
  for (const [name, bytes] of Object.entries(forms)) t.equal(decodeText(bytes), source, name)
  t.throws(() => decodeText(Buffer.from([0x3c, 0xff, 0x41])), TypeError)
})
