import t from 'tap'
import { serverService } from '../../src/services/server/messages.js'
import { writeDisco } from '../../src/soap/disco.js'
import { writeWsdl } from '../../src/soap/wsdl.js'
import { childrenNamed, readXml } from '../../src/xml/read.js'

t.test('the discovery document names the description, the page, and both bindings of the description', async (t) => {
  const address = 'http://rms.contoso.test/_wmcs/certification/server.asmx'
  const discovery = readXml(writeDisco(serverService, address))
  t.match(discovery, { name: 'discovery', namespace: 'http://schemas.xmlsoap.org/disco/' })
  t.match(discovery.children[0], {
    name: 'contractRef',
    namespace: 'http://schemas.xmlsoap.org/disco/scl/',
    attributes: { ref: `${address}?wsdl`, docRef: address },
  })
  const bindings = discovery.children.slice(1).map(({ attributes }) => attributes['binding']?.replace(/^q\d:/, ''))
  const described = childrenNamed(readXml(writeWsdl(serverService, address)), 'binding')
  t.same(
    bindings,
    described.map(({ attributes }) => attributes['name']),
  )
  for (const { namespace, attributes } of discovery.children.slice(1))
    t.match([namespace, attributes['address']], ['http://schemas.xmlsoap.org/disco/soap/', address])
})
