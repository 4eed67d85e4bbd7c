import t from 'tap'
import { readXmlNode, readXmlNodes, readXmlNodesOf, xmlNode, xmlNodes } from '../../src/soap/xml-node.js'
import { readXml } from '../../src/xml/read.js'
import { element, text } from '../../src/xml/write.js'
import { fc } from '../fixtures/property.js'

t.test('documents go in and come out to the letter', async () => {
  const document = fc
    .tuple(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('<B />', '<B/>', '<B></B>', "<B a = 'x'/>", '<!-- c --><B/>', '<![CDATA[<]]>'),
    )
    .map(([content, inner]) => `<XrML xmlns="" version="1.2">${inner}${text(content)}</XrML>`)
  fc.assert(
    fc.property(fc.array(document), (documents) => {
      const read = readXmlNodes(readXml(xmlNodes('CertificateChain', documents)))
      return read.length === documents.length && read.every((each, index) => each === documents[index])
    }),
  )
})

t.test('a document is put into a message without declaration and outside of its namespace', async (t) => {
  t.equal(
    xmlNode('<?xml version="1.0"?>\n<XrML version="1.2"><A/></XrML>\n'),
    '<XrML xmlns="" version="1.2"><A/></XrML>',
  )
  t.equal(xmlNode('\uFEFF<XrML version="1.2"/>'), '<XrML xmlns="" version="1.2"/>')
  t.equal(xmlNode('<XrML/>'), '<XrML xmlns=""/>')
  t.equal(
    xmlNode('<XrML version="1.2" xmlns=""><A xmlns="" /></XrML>'),
    '<XrML version="1.2" xmlns=""><A xmlns="" /></XrML>',
  )
})

t.test('a document sent as escaped text is read as well', async (t) => {
  const document = '<XrML version="1.2"><A /></XrML>'
  t.equal(readXmlNode(readXml(element('Certificate', {}, text(` ${document}\n`)))), document)
})

t.test('a document sent as base64 of its file is read as well, in any encoding of XrML', async (t) => {
  const document = '<XrML version="1.2"><A>\u00FC\u20AC</A></XrML>'
  const holder = (bytes: Buffer, wrap = (base64: string) => base64) =>
    readXml(element('Certificate', {}, text(wrap(bytes.toString('base64')))))
  const files: readonly (readonly [what: string, bytes: Buffer])[] = [
    ['UTF-8', Buffer.from(document)],
    ['UTF-8 with a mark', Buffer.from(`\uFEFF${document}`)],
    ['UTF-16LE', Buffer.from(document, 'utf16le')],
    ['UTF-16LE with a mark and a NUL at its end', Buffer.from(`\uFEFF${document}\0`, 'utf16le')],
    ['UTF-16BE', Buffer.from(`\uFEFF${document}`, 'utf16le').swap16()],
    ['blanks around it', Buffer.from(`\r\n${document}\n`)],
  ]
  for (const [what, bytes] of files) {
    t.equal(readXmlNode(holder(bytes)), document, what)
    t.equal(
      readXmlNode(holder(bytes, (base64) => `\n${base64.replaceAll(/.{20}/g, '$&\r\n')}\n`)),
      document,
      `${what}, in lines`,
    )
  }
  t.equal(readXmlNode(holder(Buffer.from('no document'))), undefined)
  t.equal(readXmlNode(holder(Buffer.from([0x3c, 0xff, 0xc0]))), undefined, 'neither UTF-8 nor UTF-16')
  t.equal(readXmlNode(holder(Buffer.from(document), (base64) => `${base64.slice(0, 8)}*${base64.slice(8)}`)), undefined)
  // What takes quadratic time would not end within this test.
  t.equal(readXmlNode(readXml(`<Certificate>${' A'.repeat(4_000_000)}=*</Certificate>`)), undefined)
  t.equal(
    readXmlNode(readXml(`<Certificate>${'A'.repeat(24_000_000)}</Certificate>`)),
    undefined,
    'longer than any certificate',
  )
})

t.test('what is not there is not read', async (t) => {
  t.equal(readXmlNode(undefined), undefined)
  t.equal(readXmlNode(readXml('<Certificate />')), undefined)
  t.equal(readXmlNode(readXml('<Certificate>words</Certificate>')), undefined)
  t.same(readXmlNodes(undefined), [])
  t.same(readXmlNodes(readXml('<Chain><Certificate /><Certificate><A/></Certificate></Chain>')), ['<A/>'])
  t.same(readXmlNodesOf(readXml('<P><Chain><Certificate><A/></Certificate></Chain></P>'), 'Chain'), ['<A/>'])
  t.same(readXmlNodesOf(readXml('<P/>'), 'Chain'), [])
})
