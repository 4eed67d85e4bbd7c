/** Example messages of an operation, made from its description: for the help page and the API documentation. */
import { element, joined, text } from '../xml/write.js'
import type { Markup } from '../xml/write.js'
import { writeEnvelope } from './envelope.js'
import type { Member, OperationDescription, ServiceDescription } from './schema.js'
import type { SoapVersion } from './soap-problem.js'
import { plainVersions, versionDataHeader } from './version-data.js'

/** A request envelope with a value in every place, one element a line. */
export function exampleRequest(
  service: ServiceDescription,
  operation: OperationDescription,
  version: SoapVersion = '1.1',
): string {
  const header = operation.versionData ? versionDataHeader(service.namespace, plainVersions) : undefined
  return example(service, operation.name, operation.request, header, version)
}

/** The answer to it. */
export function exampleResponse(
  service: ServiceDescription,
  operation: OperationDescription,
  version: SoapVersion = '1.1',
): string {
  const header = operation.versionData ? versionDataHeader(service.namespace) : undefined
  return example(service, `${operation.name}Response`, operation.response, header, version)
}

function example(
  service: ServiceDescription,
  name: string,
  members: readonly Member[],
  header: Markup | undefined,
  version: SoapVersion,
): string {
  return indented(
    writeEnvelope(version, header, element(name, { xmlns: service.namespace }, members.map(exampleMember))),
  )
}

function exampleMember(member: Member): Markup {
  return element(member.name, {}, exampleContent(member))
}

function exampleContent({ type, example: value }: Member): Markup | undefined {
  if (typeof type === 'string') return text(value ?? simpleExamples[type])
  if (type.kind === 'enumeration') return text(value ?? type.values[0] ?? '')
  return type.kind === 'any' ? type.example : joined(type.members.map(exampleMember))
}

const simpleExamples = {
  string: 'string',
  boolean: 'true',
  int: '0',
  base64Binary: 'AAECAw==',
  guid: '00000000-0000-4000-8000-000000000000',
} as const

/** One element a line. In an example no text stands beside elements, so blanks may go between tags. */
function indented(xml: string): string {
  let depth = 0
  return xml
    .split(/(?<=>)(?=<)/)
    .map((line) => {
      if (line.startsWith('</')) depth--
      const placed = `${'  '.repeat(depth)}${line}`
      if (/^<\w/.test(line) && !line.endsWith('/>') && !line.includes('</')) depth++
      return placed
    })
    .join('\n')
}
