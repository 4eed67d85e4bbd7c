import fc from 'fast-check'
import t from 'tap'
import { readXmlNode, readXmlNodes, readXmlNodesOf, xmlNode, xmlNodes } from '../../src/soap/xml-node.js'
import { readXml } from '../../src/xml/read.js'
import { element, text } from '../../src/xml/write.js'

t.test('documents go in and come out to the letter', async () => {
  const document = fc
    .tuple(fc.string({ unit: 'binary' }), fc.constantFrom('<B />', '<B/>', '<B></B>', "<B a = 'x'/>", '<!-- c --><B/>', '<![CDATA[<]]>'))
    .map(([content, inner]) => `<XrML xmlns="" version="1.2">${inner}${text(content)}</XrML>`)
  fc.assert(
    fc.property(fc.array(document), (documents) => {
      const read = readXmlNodes(readXml(xmlNodes('CertificateChain', documents)))
      return read.length === documents.length && read.every((each, index) => each === documents[index])
    }),
  )
})

t.test('a document is put into a message without declaration and outside of its namespace', async (t) => {
  t.equal(xmlNode('<?xml version="1.0"?>\n<XrML version="1.2"><A/></XrML>\n'), '<XrML xmlns="" version="1.2"><A/></XrML>')
  t.equal(xmlNode('\uFEFF<XrML version="1.2"/>'), '<XrML xmlns="" version="1.2"/>')
  t.equal(xmlNode('<XrML/>'), '<XrML xmlns=""/>')
  t.equal(xmlNode('<XrML version="1.2" xmlns=""><A xmlns="" /></XrML>'), '<XrML version="1.2" xmlns=""><A xmlns="" /></XrML>')
})

t.test('a document sent as escaped text is read as well', async (t) => {
  const document = '<XrML version="1.2"><A /></XrML>'
  t.equal(readXmlNode(readXml(element('Certificate', {}, text(` ${document}\n`)))), document)
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
