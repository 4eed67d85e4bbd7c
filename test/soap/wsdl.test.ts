import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClientAsync } from 'soap'
import t from 'tap'
import { activationService } from '../../src/services/activation/messages.js'
import { certificationService, precertificationService } from '../../src/services/certification/messages.js'
import { decommissionService } from '../../src/services/decommission/messages.js'
import { subEnrollService } from '../../src/services/enrollment/messages.js'
import { groupExpansionService } from '../../src/services/group-expansion/messages.js'
import { licensingService } from '../../src/services/licensing/messages.js'
import { publishingService } from '../../src/services/publishing/messages.js'
import { republishingService } from '../../src/services/republishing/messages.js'
import { serverService, serviceTypes } from '../../src/services/server/messages.js'
import { templateDistributionService } from '../../src/services/templates/messages.js'
import { findOperation, requestedAction } from '../../src/soap/dispatch.js'
import { contentType, readEnvelope, writeEnvelope } from '../../src/soap/envelope.js'
import { exampleRequest, exampleResponse } from '../../src/soap/example.js'
import { writeHelpPage } from '../../src/soap/help-page.js'
import { optional, sequence } from '../../src/soap/schema.js'
import type { ServiceDescription } from '../../src/soap/schema.js'
import { readVersionData, versionDataHeader } from '../../src/soap/version-data.js'
import { writeWsdl } from '../../src/soap/wsdl.js'
import { readXmlNodes, xmlNodes } from '../../src/soap/xml-node.js'
import { childrenNamed, descend, outerText, readXml } from '../../src/xml/read.js'
import type { XmlElement } from '../../src/xml/read.js'
import { element } from '../../src/xml/write.js'
import { strictly } from './strictly.js'

const services = [
  activationService,
  certificationService,
  precertificationService,
  licensingService,
  templateDistributionService,
  publishingService,
  republishingService,
  serverService,
  decommissionService,
  subEnrollService,
  groupExpansionService,
]
const address = 'https://rms.contoso.test:7443/_wmcs/a/b.asmx?x=1&y=2'

const wsdlOf = (service: ServiceDescription): XmlElement => readXml(writeWsdl(service, address))
const named = (parent: XmlElement | undefined, kind: string, name: string): XmlElement | undefined =>
  childrenNamed(parent, kind).find((candidate) => candidate.attributes['name'] === name)
const schemaOf = (service: ServiceDescription): XmlElement | undefined => descend(wsdlOf(service), 'types', 'schema')

t.test('every service has the names of the specification', async (t) => {
  const names = services.map((service) => [
    service.name,
    service.namespace,
    service.operations.map((each) => each.name).join(),
  ])
  t.same(names, [
    ['ActivationProxyWebService', 'http://microsoft.com/DRM/ActivationService', 'Activate'],
    ['CertificationWebService', 'http://microsoft.com/DRM/CertificationService', 'Certify'],
    ['PrecertificationWebService', 'http://microsoft.com/DRM/CertificationService', 'Precertify'],
    ['License', 'http://microsoft.com/DRM/LicensingService', 'AcquireLicense,AcquirePreLicense'],
    [
      'TemplateDistributionWebService',
      'http://microsoft.com/DRM/TemplateDistributionService',
      'AcquireTemplateInformation,AcquireTemplates',
    ],
    ['Publish', 'http://microsoft.com/DRM/PublishingService', 'AcquireIssuanceLicense,GetClientLicensorCert'],
    ['Republish', 'http://microsoft.com/DRM/EditIssuanceLicenseService', 'EditIssuanceLicense'],
    [
      'Server',
      'http://microsoft.com/DRM/ServerService',
      'GetLicensorCertificate,FindServiceLocationsForUser,GetServerInfo,FindServiceLocations',
    ],
    ['DecommissionService', 'http://microsoft.com/DRM/DecommissionService', 'AcquireContentKey'],
    ['SubEnrollService', 'http://microsoft.com/DRM/SubEnrollmentService', 'SubEnroll'],
    ['GroupExpansionWebService', 'http://microsoft.com/DRM/GroupExpansionWebService', 'IsPrincipalMemberOf'],
  ])
  const firstParameters = services.flatMap((service) => service.operations.map((each) => each.request[0]?.name))
  t.same(
    firstParameters,
    [
      'requestParams',
      'requestParams',
      'requestParams',
      'RequestParams',
      'RequestParams',
      undefined,
      'guids',
      'RequestParams',
      'RequestParams',
      'RequestParams',
      undefined,
      'ServiceNames',
      'requests',
      'ServiceNames',
      'paramsSoap',
      'oInput',
      'principalName',
    ],
    'in the case of the specification',
  )
})

for (const service of services) {
  t.test(`the service description of ${service.name}`, async (t) => {
    const text = writeWsdl(service, address)
    const wsdl = readXml(text)
    t.notMatch(text, /<\w+:(import|include)\b/, 'has no import')
    t.notMatch(text, /\n/, 'has no line break')
    t.equal(wsdl.attributes['targetNamespace'], service.namespace)

    const ports = descend(wsdl, 'service')?.children ?? []
    t.same(
      ports.map((port) => port.attributes['name']),
      [`${service.name}Soap`, `${service.name}Soap12`],
      'has SOAP 1.1 first',
    )
    t.same(
      ports.map((port) => port.children[0]?.attributes['location']),
      [address, address],
      'has the address the client used',
    )
    t.same(
      ports.map((port) => port.children[0]?.namespace),
      ['http://schemas.xmlsoap.org/wsdl/soap/', 'http://schemas.xmlsoap.org/wsdl/soap12/'],
    )

    const schema = descend(wsdl, 'types', 'schema')
    const defined = new Set(
      schema?.children.filter((each) => each.name !== 'element').map((each) => each.attributes['name']),
    )
    const used = [...text.matchAll(/type="tns:(\w+)"/g)]
      .map((match) => match[1])
      .filter((name) => name !== `${service.name}Soap`)
    t.same(
      used.filter((name) => !defined.has(name)),
      [],
      'defines every type it uses',
    )
    t.equal(defined.size, schema?.children.filter((each) => each.name !== 'element').length, 'defines none twice')

    for (const binding of childrenNamed(wsdl, 'binding')) {
      for (const { name, versionData } of service.operations) {
        const operation = named(binding, 'operation', name)
        t.match(operation?.children[0]?.attributes, { soapAction: `${service.namespace}/${name}`, style: 'document' })
        for (const way of ['input', 'output']) {
          const kinds = descend(operation, way)?.children.map((each) => each.name)
          t.same(
            kinds,
            versionData ? ['body', 'header'] : ['body'],
            `${name}: ${way} header in ${binding.attributes['name']}`,
          )
        }
      }
    }
  })

  t.test(`examples and help page of ${service.name}`, async (t) => {
    for (const operation of service.operations) {
      for (const version of ['1.1', '1.2'] as const) {
        const request = readEnvelope(exampleRequest(service, operation, version))
        t.equal(findOperation(service, request), operation, `the example request for ${operation.name} is one`)
        t.same(readVersionData(request, strictly(service.namespace)), { minimum: '1.0.0.0', maximum: '1.0.0.0' })
        t.equal(readEnvelope(exampleResponse(service, operation, version)).body.name, `${operation.name}Response`)
      }
      const page = writeHelpPage(service, address, operation.name)
      t.match(page, 'POST /_wmcs/a/b.asmx HTTP/1.1\nHost: rms.contoso.test:7443\n')
      t.match(page, `SOAPAction: "${service.namespace}/${operation.name}"`)
      t.match(page, `&lt;${operation.name} xmlns=`, 'shows the request, escaped')
      t.equal(readXml(page.replace('<!DOCTYPE html>', '')).name, 'html', 'the page is well-formed')
    }
    const page = writeHelpPage(service, address)
    t.match(page, `<h1>${service.name}</h1>`)
    t.match(page, '<a href="?WSDL">')
    for (const { name } of service.operations) t.match(page, `<a href="?op=${name}">${name}</a>`)
    const hostile = writeHelpPage(service, '"><script>1</script>', '<script>alert(1)</script>')
    t.notMatch(hostile, /<script/, 'what the caller sent is escaped')
  })
}

t.test('the details of the specification', async (t) => {
  const licensing = schemaOf(licensingService)
  t.ok(named(licensing, 'element', 'AcquireLicenseResponse'), 'an element AcquireLicenseResponse')
  t.ok(named(licensing, 'complexType', 'AcquireLicenseResponse'), 'and a type of the same name')
  t.equal(
    outerText(named(licensing, 'complexType', 'ArrayOfXmlNode') ?? wsdlOf(licensingService)),
    '<s:complexType name="ArrayOfXmlNode"><s:sequence><s:element minOccurs="0" maxOccurs="unbounded" name="Certificate" nillable="true">' +
      '<s:complexType mixed="true"><s:sequence><s:any /></s:sequence></s:complexType></s:element></s:sequence></s:complexType>',
  )
  t.match(
    writeWsdl(licensingService, address),
    /<s:complexType name="VersionData"><s:sequence>.*?<\/s:sequence><s:anyAttribute \/>/,
  )
  const templates = writeWsdl(templateDistributionService, address)
  t.ok(templates.includes('<s:element name="AcquireTemplateInformation"><s:complexType /></s:element>'))
  t.ok(templates.includes('<wsdl:documentation>Return template information (GUID + hash)</wsdl:documentation>'))
  t.match(
    writeWsdl(decommissionService, address),
    '<s:element minOccurs="1" maxOccurs="unbounded" name="AcquireContentKeyResponse" nillable="true" type="tns:AcquireContentKeyResponse" />',
  )
  const subEnrollment = schemaOf(subEnrollService)
  t.ok(
    named(subEnrollment, 'element', 'SubEnrollResponse') && named(subEnrollment, 'complexType', 'SubEnrollResponse'),
    'element and type of one name',
  )
  t.match(
    writeWsdl(subEnrollService, address),
    '<s:element minOccurs="0" maxOccurs="1" name="LicensorCertificateChain" type="tns:ArrayOfString" />',
  )
  t.match(
    writeWsdl(subEnrollService, address),
    '<s:element minOccurs="0" maxOccurs="1" name="aPublicKeyBytes" type="s:base64Binary" />',
  )
  t.match(
    writeWsdl(groupExpansionService, address),
    '<s:element minOccurs="1" maxOccurs="1" name="crossForestCallsSoFar" type="s:int" />',
  )
  const values = descend(named(schemaOf(serverService), 'simpleType', 'ServiceType'), 'restriction')?.children
  t.same(
    values?.map((value) => value.attributes['value']),
    serviceTypes,
    'all eleven service types',
  )
  t.equal(serviceTypes.length, 11)

  const twice: ServiceDescription = {
    ...licensingService,
    operations: licensingService.operations.map((each, index) => {
      return { ...each, request: [optional('p', sequence('Same', optional(`m${index}`, 'string')))] }
    }),
  }
  t.throws(() => writeWsdl(twice, address), /Two different types are named Same/)
})

t.test('node-soap reads every description and lists every operation', async (t) => {
  const server = createServer((request, response) => {
    const service = services[Number(request.url?.split('/')[1]?.split('?')[0])]
    if (service === undefined) response.writeHead(404).end()
    else
      response
        .writeHead(200, { 'Content-Type': 'text/xml; charset=utf-8' })
        .end(writeWsdl(service, `http://${request.headers.host}`))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  for (const [index, service] of services.entries()) {
    const client = await createClientAsync(`http://127.0.0.1:${port}/${index}?wsdl`)
    const { [service.name]: ports } = client.describe() as Record<string, Record<string, Record<string, unknown>>>
    t.same(Object.keys(ports ?? {}), [`${service.name}Soap`, `${service.name}Soap12`])
    for (const operations of Object.values(ports ?? {}))
      t.same(
        Object.keys(operations),
        service.operations.map((each) => each.name),
      )
  }
})

t.test('node-soap calls an operation: header, XrML and SOAPAction arrive, the answer is understood', async (t) => {
  const license = '<XrML xmlns="" version="1.2"><BODY type="LICENSE"><A /></BODY></XrML>'
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (request.method === 'GET') {
        response
          .writeHead(200, { 'Content-Type': 'text/xml' })
          .end(writeWsdl(certificationService, `http://${request.headers.host}/`))
        return
      }
      const message = readEnvelope(Buffer.concat(chunks).toString())
      const operation = findOperation(certificationService, message, requestedAction(request.headers))
      t.equal(operation.name, 'Certify')
      t.equal(message.version, '1.1')
      t.same(readVersionData(message, strictly(certificationService.namespace)), {
        minimum: '1.0.0.0',
        maximum: '1.1.0.0',
      })
      const chain = readXmlNodes(descend(message.body, 'requestParams', 'MachineCertificateChain'))
      t.same(chain, [license])
      const result = element('CertifyResult', {}, xmlNodes('CertificateChain', chain))
      const body = element('CertifyResponse', { xmlns: certificationService.namespace }, result)
      response.writeHead(200, { 'Content-Type': contentType('1.1') })
      response.end(writeEnvelope('1.1', versionDataHeader(certificationService.namespace), body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const client = await createClientAsync(`http://127.0.0.1:${port}/?wsdl`)
  // With a prefix alone its members would stand in no namespace.
  const versions = { MinimumVersion: '1.0.0.0', MaximumVersion: '1.1.0.0' }
  client.addSoapHeader({ VersionData: versions }, '', 'tns', certificationService.namespace)
  // node-soap makes a method for each operation of the description
  type Call = (input: unknown) => Promise<readonly [result: unknown, raw: string, header: unknown]>
  const { CertifyAsync: certify } = client as unknown as { readonly CertifyAsync: Call }
  const input = { requestParams: { MachineCertificateChain: { Certificate: { $xml: license } }, Persistent: true } }
  const [, raw, header] = await certify(input)
  t.match(raw, license)
  t.match(header, { VersionData: { MinimumVersion: '1.0.0.0', MaximumVersion: '1.2.0.0' } })
})
