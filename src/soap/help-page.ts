/** The page a `.asmx` address shows in a browser: what the service can do, and what the messages look like. */
import { element, text } from '../xml/write.js'
import type { Markup } from '../xml/write.js'
import { contentType } from './envelope.js'
import { exampleRequest, exampleResponse } from './example.js'
import { soapAction } from './schema.js'
import type { OperationDescription, ServiceDescription } from './schema.js'
import { quoted } from './soap-problem.js'
import type { SoapVersion } from './soap-problem.js'

export const pageStyle =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff;overflow-wrap:anywhere}' +
  'h1{border-bottom:3px solid #2a6f6b}a{color:#1c5a8a}pre{background:#f2f5f4;padding:1rem;overflow:auto;font-size:13px}' +
  'dt{margin-top:.75rem;font-weight:600}dd{margin:0}'

/** An example message with the names of the place where it is shown. */
type Spelling = (example: string) => string

/**
 * HTML without scripts, to be sent as UTF-8.
 * @param address of the service as the caller used it
 * @param operation what `?op=` names; without it all operations are listed
 */
export function writeHelpPage(
  service: ServiceDescription,
  address: string,
  operation?: string,
  spell: Spelling = (example) => example,
): string {
  const found = service.operations.find((candidate) => candidate.name === operation)
  const title = found === undefined ? service.name : `${service.name}: ${found.name}`
  const page = element(
    'html',
    { lang: 'en' },
    element(
      'head',
      {},
      element('meta', { charset: 'utf-8' }),
      // As in the pages of ASP.NET: programs that are given this address find the description by it.
      element('link', { rel: 'alternate', type: 'text/xml', href: `${address}?disco` }),
      element('title', {}, text(title)),
      element('style', {}, text(pageStyle)),
    ),
    element(
      'body',
      {},
      element('h1', {}, text(service.name)),
      found === undefined ? overview(service, operation) : details(service, found, address, spell),
    ),
  )
  return `<!DOCTYPE html>${page}`
}

function overview(service: ServiceDescription, unknown: string | undefined): readonly Markup[] {
  const missing = unknown === undefined ? [] : [paragraph(`There is no operation ${quoted(unknown)} here.`)]
  return [
    ...missing,
    paragraph('A web service of RMS. Programs read its description:'),
    element('p', {}, element('a', { href: '?WSDL' }, text('Service description (WSDL)'))),
    element('h2', {}, text('Operations')),
    element('dl', {}, service.operations.flatMap(listed)),
    paragraph(`Namespace: ${service.namespace}`),
  ]
}

function listed({ name, about }: OperationDescription): readonly Markup[] {
  return [element('dt', {}, element('a', { href: `?op=${name}` }, text(name))), element('dd', {}, text(about))]
}

function details(
  service: ServiceDescription,
  operation: OperationDescription,
  address: string,
  spell: Spelling,
): readonly Markup[] {
  return [
    element('p', {}, element('a', { href: '?' }, text('All operations'))),
    element('h2', {}, text(operation.name)),
    paragraph(operation.about),
    ...exchange(service, operation, address, '1.1', spell),
    ...exchange(service, operation, address, '1.2', spell),
  ]
}

function exchange(
  service: ServiceDescription,
  operation: OperationDescription,
  address: string,
  version: SoapVersion,
  spell: Spelling,
): readonly Markup[] {
  const action = soapAction(service, operation.name)
  // Not every legal host is one to the URL class.
  const [, host = '', path = address] = /^https?:\/\/([^/]*)(\/[^?]*)/.exec(address) ?? []
  const request = [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}`,
    `Content-Type: ${contentType(version, action)}`,
    ...(version === '1.1' ? [`SOAPAction: "${action}"`] : []),
    '',
    spell(exampleRequest(service, operation, version)),
  ]
  const answer = [
    'HTTP/1.1 200 OK',
    `Content-Type: ${contentType(version)}`,
    '',
    spell(exampleResponse(service, operation, version)),
  ]
  return [
    element('h3', {}, text(`SOAP ${version}`)),
    element('pre', {}, text(request.join('\n'))),
    element('pre', {}, text(answer.join('\n'))),
  ]
}

function paragraph(content: string): Markup {
  return element('p', {}, text(content))
}
