import t from 'tap'
import { decodeText } from '../../src/xml/decode.js'
import { defaultXmlLimits, MalformedXml, outerText, readXml, readXmlSequence } from '../../src/xml/read.js'
import { fc } from '../fixtures/property.js'

const nested = (depth: number): string => '<a>'.repeat(depth) + '</a>'.repeat(depth)
const laughs = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]>'

const refused: Readonly<Record<string, readonly [string, RegExp]>> = {
  'a document type': ['<!DOCTYPE a><a/>', /document type/],
  'an external document type': ['<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', /document type/],
  'entities of its own': [`${laughs}<a>&c;</a>`, /document type/],
  'an entity that nobody declared': ['<a>&xxe;</a>', /entity/],
  'an attribute with an entity that nobody declared': ['<a b="&xxe;"/>', /entity/],
  'elements 101 deep': [nested(defaultXmlLimits.depth + 1), /deeper than 100/],
  '100,001 elements': [`<a>${'<b/>'.repeat(defaultXmlLimits.elements)}</a>`, /more than 100000/],
  'an unclosed element': ['<a><b></a>', /at character/],
  'an element that never ends': ['<a><b>', /unclosed/],
  'a tag that never ends': ['<a', /at character|unclosed/],
  'an end without a start': ['</a>', /at character/],
  'NUL in text': ['<a>\0</a>', /at character/],
  'NUL as a reference': ['<a>&#0;</a>', /at character/],
  'a lone surrogate as a reference': ['<a>&#xD800;</a>', /at character/],
  'a lone surrogate': ['<a>\uD800</a>', /at character/],
  'U+FFFF': ['<a>\uFFFF</a>', /at character/],
  'a prefix that nobody declared': ['<p:a/>', /at character/],
  'the same attribute twice': ['<a b="1" b="2"/>', /at character/],
  'an attribute without quotes': ['<a b=1/>', /at character/],
  '< in an attribute': ['<a b="<"/>', /at character/],
  ']]> in text': ['<a>]]></a>', /at character/],
  'text outside of the element': ['<a/>b', /text outside|at character/],
  'no element at all': ['   ', /at character/],
  'nothing at all': ['', /at character/],
}

for (const [what, [source, why]] of Object.entries(refused)) {
  t.test(`${what} is refused`, async (t) => {
    t.throws(() => readXml(source), { name: 'MalformedXml', message: why })
    // A sequence may be empty and lets an element follow another; everything else holds there as well.
    if (source.trim() !== '') t.throws(() => readXmlSequence(source), { name: 'MalformedXml' })
  })
}

t.test('100 levels and 100,000 elements are read', async (t) => {
  t.equal(outerText(readXml(nested(defaultXmlLimits.depth))), nested(defaultXmlLimits.depth))
  t.equal(
    readXml(`<a>${'<b/>'.repeat(defaultXmlLimits.elements - 1)}</a>`).children.length,
    defaultXmlLimits.elements - 1,
  )
})

t.test('a second element is refused where one is asked for', async (t) => {
  t.throws(() => readXml('<a/><b/>'), MalformedXml)
  t.equal(readXmlSequence('<a/>\r\n<?xml version="1.0"?><b/>').length, 2)
})

t.test('CRLF is LF in the text, and stays CRLF in the source', async (t) => {
  const root = readXml('\r\n<a>\r\n<b>1\r\n2\r3</b>\r\n</a>\r\n')
  t.equal(root.children[0]?.text, '1\n2\n3')
  t.equal(outerText(root), '<a>\r\n<b>1\r\n2\r3</b>\r\n</a>')
  t.equal(outerText(root.children[0] ?? root), '<b>1\r\n2\r3</b>')
})

t.test('characters above the Basic Multilingual Plane do not move the spans', async (t) => {
  const root = readXml('<a x="𝒳">𝒳𝒳<b>𝒴</b>𝒳</a>')
  t.equal(outerText(root.children[0] ?? root), '<b>𝒴</b>')
})

t.test('whatever the text is, it is read or refused as malformed', async () => {
  const piece = fc.constantFrom(
    '<a',
    '>',
    '/>',
    '</a>',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?xml version="1.0"?>',
    '<?p ?>',
    '&',
    ';',
    '#x41',
    ' b="',
    '"',
    '\0',
    '\r',
    '\uFEFF',
    '𝒳',
    '\uDC00',
    '<!DOCTYPE a [',
    't',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      for (const read of [readXml, readXmlSequence]) {
        try {
          read(pieces.join(''))
        } catch (error) {
          if (!(error instanceof MalformedXml)) return false
        }
      }
      return true
    }),
    { numRuns: 400 },
  )
})

t.test('long runs of the same cost no more than their length', { timeout: 20_000 }, async (t) => {
  const long = 1_000_000
  t.equal(decodeText(Buffer.from(`<a>${'\0'.repeat(long)}x`)).length, long + 4)
  for (const run of ['<?xml ', '<?xml', '\uFEFF', '<!--', '<a ', '&amp;', ' ', ']]', '"']) {
    t.throws(() => readXmlSequence(`${run.repeat(long / run.length)}<`), { name: 'MalformedXml' }, JSON.stringify(run))
  }
})
