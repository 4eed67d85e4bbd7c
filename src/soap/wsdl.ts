/**
 * The service description a `.asmx` address answers on ?wsdl ([MS-RMPR] section 6, [MS-RMSI] section 6, [MS-RMPRS] section 6).
 * One document without imports, the SOAP 1.1 port first: several SOAP stacks take the first port or cannot follow imports.
 */
import { element, text } from '../xml/write.js'
import type { Markup } from '../xml/write.js'
import { soapAction } from './schema.js'
import type { Enumeration, Member, OperationDescription, Sequence, ServiceDescription, SimpleType } from './schema.js'
import type { SoapVersion } from './soap-problem.js'
import { versionDataType } from './version-data.js'

/**
 * The whole document, to be sent as UTF-8.
 * @param address where the client reached this service, with the scheme, host and port it used: clients call what is written here
 */
export function writeWsdl(service: ServiceDescription, address: string): string {
  const { name, operations } = service
  const definitions = element(
    'wsdl:definitions',
    {
      'xmlns:soap': 'http://schemas.xmlsoap.org/wsdl/soap/',
      'xmlns:tm': 'http://microsoft.com/wsdl/mime/textMatching/',
      'xmlns:soapenc': 'http://schemas.xmlsoap.org/soap/encoding/',
      'xmlns:mime': 'http://schemas.xmlsoap.org/wsdl/mime/',
      'xmlns:tns': service.namespace,
      'xmlns:s': 'http://www.w3.org/2001/XMLSchema',
      'xmlns:soap12': 'http://schemas.xmlsoap.org/wsdl/soap12/',
      'xmlns:http': 'http://schemas.xmlsoap.org/wsdl/http/',
      targetNamespace: service.namespace,
      'xmlns:wsdl': 'http://schemas.xmlsoap.org/wsdl/',
    },
    element('wsdl:types', {}, schema(service)),
    operations.flatMap(messages),
    element('wsdl:portType', { name: `${name}Soap` }, operations.map(portTypeOperation)),
    binding(service, '1.1'),
    binding(service, '1.2'),
    element('wsdl:service', { name }, port(name, '1.1', address), port(name, '1.2', address)),
  )
  return `<?xml version="1.0" encoding="utf-8"?>${definitions}`
}

/** Every element with the types it needs behind it, each type once; VersionData after the first operation that has it. */
function schema(service: ServiceDescription): Markup {
  const printed = new Map<string, Sequence | Enumeration>()
  const parts = service.operations.flatMap((operation) => [
    ...topElement(operation.name, operation.request, printed),
    ...topElement(`${operation.name}Response`, operation.response, printed),
    ...(operation.versionData && !printed.has('VersionData')
      ? [
          element('s:element', { name: 'VersionData', type: 'tns:VersionData' }),
          ...namedTypes(versionDataType, printed),
        ]
      : []),
  ])
  return element('s:schema', { elementFormDefault: 'qualified', targetNamespace: service.namespace }, parts)
}

function topElement(
  name: string,
  members: readonly Member[],
  printed: Map<string, Sequence | Enumeration>,
): readonly Markup[] {
  const content = members.length === 0 ? undefined : element('s:sequence', {}, members.map(member))
  return [
    element('s:element', { name }, element('s:complexType', {}, content)),
    ...members.flatMap((each) => namedTypes(each.type, printed)),
  ]
}

function namedTypes(type: Member['type'], printed: Map<string, Sequence | Enumeration>): readonly Markup[] {
  if (typeof type === 'string' || type.kind === 'any') return []
  const before = printed.get(type.name)
  if (before !== undefined) {
    if (before !== type) throw new Error(`Two different types are named ${type.name}: give one of them another name`)
    return []
  }
  printed.set(type.name, type)
  if (type.kind === 'enumeration') return [enumerationType(type)]
  const anyAttribute = type === versionDataType ? element('s:anyAttribute') : undefined
  return [
    element('s:complexType', { name: type.name }, element('s:sequence', {}, type.members.map(member)), anyAttribute),
    ...type.members.flatMap((each) => namedTypes(each.type, printed)),
  ]
}

function enumerationType(type: Enumeration): Markup {
  const values = type.values.map((value) => element('s:enumeration', { value }))
  return element('s:simpleType', { name: type.name }, element('s:restriction', { base: 's:string' }, values))
}

function member({ name, type, minimum, maximum, nillable }: Member): Markup {
  const attributes = { minOccurs: minimum, maxOccurs: maximum, name, nillable: nillable ? 'true' : undefined }
  if (typeof type === 'string') return element('s:element', { ...attributes, type: schemaTypes[type] })
  if (type.kind === 'any') return element('s:element', attributes, mixedContent)
  return element('s:element', { ...attributes, type: `tns:${type.name}` })
}

const schemaTypes: Readonly<Record<SimpleType, string>> = {
  string: 's:string',
  boolean: 's:boolean',
  int: 's:int',
  base64Binary: 's:base64Binary',
  // The published schema has a type of its own with a pattern; its imported namespace would keep some SOAP stacks from reading this WSDL.
  guid: 's:string',
}

const mixedContent = element('s:complexType', { mixed: 'true' }, element('s:sequence', {}, element('s:any')))

function messages({ name, versionData }: OperationDescription): readonly Markup[] {
  const message = (suffix: string, part: string, elementName: string): Markup =>
    element(
      'wsdl:message',
      { name: `${name}${suffix}` },
      element('wsdl:part', { name: part, element: `tns:${elementName}` }),
    )
  return [
    message('SoapIn', 'parameters', name),
    message('SoapOut', 'parameters', `${name}Response`),
    ...(versionData ? [message('VersionData', 'VersionData', 'VersionData')] : []),
  ]
}

function portTypeOperation({ name, documentation }: OperationDescription): Markup {
  return element(
    'wsdl:operation',
    { name },
    documentation === undefined ? undefined : element('wsdl:documentation', {}, text(documentation)),
    element('wsdl:input', { message: `tns:${name}SoapIn` }),
    element('wsdl:output', { message: `tns:${name}SoapOut` }),
  )
}

function binding(service: ServiceDescription, version: SoapVersion): Markup {
  const prefix = prefixOf(version)
  const operation = ({ name, versionData }: OperationDescription): Markup => {
    const parts = [
      element(`${prefix}:body`, { use: 'literal' }),
      ...(versionData
        ? [element(`${prefix}:header`, { message: `tns:${name}VersionData`, part: 'VersionData', use: 'literal' })]
        : []),
    ]
    return element(
      'wsdl:operation',
      { name },
      element(`${prefix}:operation`, { soapAction: soapAction(service, name), style: 'document' }),
      element('wsdl:input', {}, parts),
      element('wsdl:output', {}, parts),
    )
  }
  return element(
    'wsdl:binding',
    { name: portName(service.name, version), type: `tns:${service.name}Soap` },
    element(`${prefix}:binding`, { transport: 'http://schemas.xmlsoap.org/soap/http' }),
    service.operations.map(operation),
  )
}

function port(service: string, version: SoapVersion, address: string): Markup {
  const name = portName(service, version)
  return element(
    'wsdl:port',
    { name, binding: `tns:${name}` },
    element(`${prefixOf(version)}:address`, { location: address }),
  )
}

function portName(service: string, version: SoapVersion): string {
  return version === '1.1' ? `${service}Soap` : `${service}Soap12`
}

function prefixOf(version: SoapVersion): string {
  return version === '1.1' ? 'soap' : 'soap12'
}
