import t from 'tap'
import { readPlainXml, type KnownElement } from '../../src/xml/plain.js'
import { defaultXmlLimits, readXml, readXmlWhole, type XmlElement, type XmlLimits } from '../../src/xml/read.js'
import { fc } from '../fixtures/property.js'

const certificate =
  '<XrML xmlns="" version="1.2"><BODY type="LICENSE" version="3.0"><OBJECT type="Machine"><ID type="MS-GUID">{1}</ID><NAME>é</NAME></OBJECT>' +
  '<VALUE encoding="base64" size="2048">AAECAw==</VALUE><PRINCIPAL internal-id="1" /></BODY></XrML>'
const envelope =
  '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="urn:soap" xmlns:xsi="urn:xsi"><soap:Header><V xmlns="urn:s" xsi:nil="1">1.0</V></soap:Header>\n' +
  `<soap:Body><A xmlns="urn:s"><Certificate>${certificate}</Certificate><Certificate>${certificate.replace('{1}', '{2}')}</Certificate></A></soap:Body></soap:Envelope>\n`

/** What may be anywhere in a message, most of it more than plain. */
const pieces = [
  '<!-- x -->',
  '<![CDATA[y]]>',
  '<?pi x?>',
  '<?xml version="1.0"?>',
  '<!DOCTYPE a>',
  '&amp;',
  '&#65;',
  '&nbsp;',
  ']]>',
  '\r',
  '\r\n',
  '\t',
  '\n',
  ' ',
  '"',
  "'",
  '<',
  '>',
  '/',
  '/>',
  '=',
  ':',
  ' xmlns:p="urn:p"',
  ' xmlns=""',
  ' xmlns:q=""',
  ' xmlns="urn:t" xmlns="urn:t"',
  ' xmlns:xml="http://www.w3.org/XML/1998/namespace"',
  ' xmlns:xmlns="urn:x"',
  ' xmlns:p=" urn:p "',
  ' type="b"',
  '<p:a xmlns:p="urn:p" p:b="1" b="2"/>',
  '<p:a/>',
  '<xml:a/>',
  '<xmlns:a/>',
  ' p:b="1"',
  ' xml:lang="en"',
  " c='\"'",
  ' d="\'>"',
  ' soap:e="1"',
  '<a',
  '</a>',
  '<A></A>',
  '<a ></a >',
  '<é/>',
  'é',
  '\uD800',
  '\u{1F600}',
  '\0',
  '\u007F',
  '\uFEFF',
  '\uFFFE',
  '\u00A0',
  '\u2028',
]

const edit = fc.record({ at: fc.nat(), cut: fc.constantFrom(0, 0, 0, 1, 7), put: fc.constantFrom('', ...pieces) })
const changed = fc.array(edit, { maxLength: 3 }).map((edits) =>
  edits.reduce((text, { at, cut, put }) => {
    const place = at % (text.length + 1)
    return text.slice(0, place) + put + text.slice(place + cut)
  }, envelope),
)

type Outcome = XmlElement | string

function outcomeOf(read: () => XmlElement): Outcome {
  try {
    return read()
  } catch (error) {
    return String(error)
  }
}

/** Everything but where an element stands in which source: its own text tells that. */
function contentOf({ source, start, end, contentStart, contentEnd, children, ...rest }: XmlElement): unknown {
  return {
    ...rest,
    attributes: Object.entries(rest.attributes),
    outer: source.slice(start, end),
    inner: source.slice(contentStart, contentEnd),
    children: children.map(contentOf),
  }
}

t.test(
  'a message is read as by the complete parser, or refused with the same words, whatever is changed in it',
  async (t) => {
    t.ok(readPlainXml(envelope, defaultXmlLimits), 'the message itself is plain')
    let plain = 0
    fc.assert(
      fc.property(changed, (text) => {
        if (readPlainXml(text, defaultXmlLimits) !== undefined) plain++
        const [quick, complete] = [outcomeOf(() => readXml(text)), outcomeOf(() => readXmlWhole(text))]
        if (typeof quick === 'string' || typeof complete === 'string') return quick === complete
        return (
          JSON.stringify(contentOf(quick)) === JSON.stringify(contentOf(complete)) &&
          quick.start === complete.start &&
          quick.end === complete.end
        )
      }),
      { numRuns: 3000 },
    )
    for (const space of ['\u00A0', '\u2003', '\u2028']) {
      for (const text of [`${space}<a />`, `<a />${space}`])
        t.equal(readPlainXml(text, defaultXmlLimits), undefined, 'white space of JavaScript is not that of XML')
    }
    t.ok(plain > 300, `some are plain, ${plain} of 3000`)
  },
)

const root = readXml(certificate)
/** As the known documents of src/xrml do it. */
const known = (source: string, start: number): KnownElement | undefined =>
  source.startsWith('<XrML ', start) && source.startsWith(certificate, start)
    ? { root, elements: 7, depth: 4 }
    : undefined

t.test('a message with known documents is read as one without, whatever is changed in it', async (t) => {
  t.equal(
    readXml(envelope, defaultXmlLimits, known).children[1]?.children[0]?.children[0]?.children[0],
    root,
    'the known one is taken',
  )
  fc.assert(
    fc.property(
      changed,
      fc.constantFrom<XmlLimits>(
        defaultXmlLimits,
        { depth: 7, elements: 100 },
        { depth: 8, elements: 21 },
        { depth: 8, elements: 20 },
      ),
      (text, limits) => {
        const [quick, complete] = [
          outcomeOf(() => readXml(text, limits, known)),
          outcomeOf(() => readXmlWhole(text, limits)),
        ]
        if (typeof quick === 'string' || typeof complete === 'string') return quick === complete
        return JSON.stringify(contentOf(quick)) === JSON.stringify(contentOf(complete))
      },
    ),
    { numRuns: 3000 },
  )
})
