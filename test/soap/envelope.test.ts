import t from 'tap'
import {
  contentType,
  envelopeNamespaces,
  readEnvelope,
  versionOfContentType,
  writeEnvelope,
} from '../../src/soap/envelope.js'
import { SoapProblem } from '../../src/soap/soap-problem.js'
import type { SoapFaultCode } from '../../src/soap/soap-problem.js'
import { outerText } from '../../src/xml/read.js'
import { asMarkup, element, text } from '../../src/xml/write.js'
import { fc } from '../fixtures/property.js'

const soap11 = envelopeNamespaces['1.1']
const soap12 = envelopeNamespaces['1.2']
const service = 'http://microsoft.com/DRM/LicensingService'

function problemOf(source: string, assumed?: '1.1' | '1.2'): SoapProblem {
  try {
    readEnvelope(source, assumed)
  } catch (error) {
    if (error instanceof SoapProblem) return error
    throw error
  }
  throw new Error(`No problem with ${source.slice(0, 200)}`)
}

t.test('an envelope is printed as ASP.NET prints it', async (t) => {
  t.equal(
    writeEnvelope('1.1', element('VersionData', { xmlns: 'urn:x' }), element('A', { xmlns: 'urn:x' })),
    '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"' +
      ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">' +
      '<soap:Header><VersionData xmlns="urn:x" /></soap:Header><soap:Body><A xmlns="urn:x" /></soap:Body></soap:Envelope>',
  )
  t.notMatch(writeEnvelope('1.2', undefined, element('A')), /Header/, 'no empty Header')
  t.match(writeEnvelope('1.2', undefined, element('A')), 'xmlns:soap="http://www.w3.org/2003/05/soap-envelope"')
})

t.test('whatever is written can be read back, with the body to the letter', async () => {
  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9._-]{0,12}$/).filter((value) => !/^xml/i.test(value))
  fc.assert(
    fc.property(
      fc.constantFrom('1.1' as const, '1.2' as const),
      fc.array(name, { maxLength: 4 }),
      name,
      fc.string({ unit: 'binary' }),
      (version, headers, bodyName, content) => {
        const body = element(bodyName, { xmlns: 'urn:a', note: content }, text(content), element('Leaf'))
        const header = headers.length === 0 ? undefined : asMarkup(headers.map((each) => element(each)).join(''))
        const message = readEnvelope(writeEnvelope(version, header, body))
        return (
          message.version === version &&
          message.headers.map((each) => each.name).join() === headers.join() &&
          message.body.name === bodyName &&
          outerText(message.body) === body
        )
      },
    ),
  )
})

t.test('envelopes of real SOAP stacks are read', async (t) => {
  const request = `<AcquireLicense xmlns="${service}"/>`
  const envelopes: Record<string, string> = {
    'two prefixes for one namespace (suds)':
      `<SOAP-ENV:Envelope xmlns:SOAP-ENV="${soap11}" xmlns:ns0="${service}" xmlns:ns1="${soap11}">` +
      '<SOAP-ENV:Header/><ns1:Body><ns0:AcquireLicense/></ns1:Body></SOAP-ENV:Envelope>',
    'default namespace': `<Envelope xmlns="${soap11}"><Body>${request}</Body></Envelope>`,
    'pretty-printed, single-quoted declaration (strong-soap)': `<?xml version='1.0'?>\n<soap:Envelope xmlns:soap="${soap11}">\n  <soap:Body>\n    ${request}\n  </soap:Body>\n</soap:Envelope>\n`,
    'a header for the next actor that need not be understood (Axis)':
      `<e:Envelope xmlns:e="${soap11}"><e:Header><VersionData xmlns="${service}" e:mustUnderstand="0"` +
      ` e:actor="http://schemas.xmlsoap.org/soap/actor/next"/></e:Header><e:Body>${request}</e:Body></e:Envelope>`,
    'encodingStyle (SOAP::Lite)': `<s:Envelope xmlns:s="${soap11}" s:encodingStyle="x"><s:Body>${request}</s:Body></s:Envelope>`,
    'a second element in the Body': `<s:Envelope xmlns:s="${soap11}"><s:Body>${request}<other/></s:Body></s:Envelope>`,
    'a byte order mark': `\uFEFF<s:Envelope xmlns:s="${soap11}"><s:Body>${request}</s:Body></s:Envelope>`,
  }
  for (const [title, source] of Object.entries(envelopes)) {
    const { version, body } = readEnvelope(source)
    t.same([version, body.name, body.namespace], ['1.1', 'AcquireLicense', service], title)
  }
})

t.test('XrML inside a message is reachable as the text that was sent', async (t) => {
  const license = `<XrML xmlns='' version = "1.2"><BODY type="LICENSE"><A/><B></B>&#233;é</BODY></XrML>`
  const { body } = readEnvelope(
    `<e:Envelope xmlns:e="${soap12}"><e:Body><Q xmlns="${service}">${license}</Q></e:Body></e:Envelope>`,
  )
  t.equal(body.children[0] === undefined ? '' : outerText(body.children[0]), license)
})

t.test('a header that must be understood', async (t) => {
  const envelope = (namespace: string, header: string): string =>
    `<s:Envelope xmlns:s="${namespace}"><s:Header>${header}</s:Header><s:Body><Certify xmlns="${service}"/></s:Body></s:Envelope>`
  for (const value of ['1', 'true', ' 1 ']) {
    const problem = problemOf(envelope(soap12, `<h:Security xmlns:h="urn:wsse" s:mustUnderstand="${value}"/>`))
    t.same(
      [problem.code, problem.status, problem.version],
      ['MustUnderstand', 500, '1.2'],
      `is refused when unknown (${value})`,
    )
    t.match(problem.message, /'Security' of namespace 'urn:wsse'/)
  }
  const wrong = problemOf(envelope(soap11, '<VersionData xmlns="urn:other" s:mustUnderstand="1"/>'))
  t.equal(wrong.code, 'MustUnderstand', 'VersionData of another namespace is unknown')
  for (const header of [
    `<VersionData xmlns="${service}" s:mustUnderstand="1"/>`,
    '<h xmlns="urn:x" s:mustUnderstand="0"/>',
    '<h xmlns="urn:x" s:mustUnderstand="1" s:actor="urn:somebody-else"/>',
  ]) {
    t.equal(readEnvelope(envelope(soap11, header)).headers.length, 1, `is let through: ${header}`)
  }
})

t.test('what is no envelope is refused, with the fault code that SOAP has for it', async (t) => {
  const open = `<s:Envelope xmlns:s="${soap11}">`
  const open12 = `<s:Envelope xmlns:s="${soap12}">`
  const cases: readonly (readonly [string, string, SoapFaultCode, number])[] = [
    ['nothing', '', 'Client', 400],
    ['text', 'hello', 'Client', 400],
    ['an unclosed tag', `${open}<s:Body>`, 'Client', 400],
    ['an unknown prefix', '<soap:Envelope/>', 'Client', 400],
    ['two roots', `${open}</s:Envelope><a/>`, 'Client', 400],
    ['a DTD', `<!DOCTYPE a [<!ENTITY b "c">]>${open}<s:Body><a>&b;</a></s:Body></s:Envelope>`, 'Client', 400],
    ['an undefined entity', `${open}<s:Body><a>&b;</a></s:Body></s:Envelope>`, 'Client', 400],
    ['endless depth', `${open}<s:Body>${'<a>'.repeat(10_000)}`, 'Client', 400],
    ['too many elements', `${open}<s:Body>${'<a/>'.repeat(150_000)}`, 'Client', 400],
    ['HTML', '<html><body/></html>', 'VersionMismatch', 500],
    [
      'another envelope namespace',
      '<Envelope xmlns="urn:soap-next"><Body><a/></Body></Envelope>',
      'VersionMismatch',
      500,
    ],
    ['no envelope namespace', '<Envelope><Body><a/></Body></Envelope>', 'VersionMismatch', 500],
    ['no Body', `${open}<s:Header/></s:Envelope>`, 'Client', 500],
    ['no Body, SOAP 1.2', `${open12}<s:Header/></s:Envelope>`, 'Client', 400],
    ['a Body of another namespace', `${open}<Body><a/></Body></s:Envelope>`, 'Client', 500],
    ['an empty Body', `${open}<s:Body/></s:Envelope>`, 'Client', 500],
    ['a Body with text only', `${open}<s:Body>a</s:Body></s:Envelope>`, 'Client', 500],
  ]
  for (const [title, source, code, status] of cases) {
    const problem = problemOf(source)
    t.same([problem.code, problem.status], [code, status], title)
    t.ok(problem.message.length < 500, 'the message is short')
  }
  t.equal(
    problemOf('nonsense', '1.2').version,
    '1.2',
    'the version to answer in is taken from outside when the text does not tell',
  )
  const long = problemOf(`<${'x'.repeat(100_000)}>`)
  t.ok(long.message.length < 500, 'a huge name is not echoed in full')
})

t.test('hostile text gives a SoapProblem or a message, nothing else', async () => {
  const valid = writeEnvelope('1.1', element('H', { xmlns: 'urn:h' }), element('A', {}, text('a & b')))
  fc.assert(
    fc.property(fc.nat(valid.length), fc.nat(20), fc.string({ unit: 'binary', maxLength: 8 }), (at, cut, inserted) => {
      try {
        readEnvelope(valid.slice(0, at) + inserted + valid.slice(at + cut))
        return true
      } catch (error) {
        return error instanceof SoapProblem
      }
    }),
  )
})

t.test('the content type of each version', async (t) => {
  t.equal(contentType('1.1', 'urn:a'), 'text/xml; charset=utf-8')
  t.equal(contentType('1.2'), 'application/soap+xml; charset=utf-8')
  t.equal(contentType('1.2', 'urn:a'), 'application/soap+xml; charset=utf-8; action="urn:a"')
  t.equal(versionOfContentType('Text/XML;charset=utf-8'), '1.1')
  t.equal(versionOfContentType('application/soap+xml; action=x'), '1.2')
  t.equal(versionOfContentType('text/plain'), undefined)
  t.equal(versionOfContentType(undefined), undefined)
})
