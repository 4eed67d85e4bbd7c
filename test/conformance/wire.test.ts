/**
 * What SOAP stacks are known to do on the wire, one case each, with raw sockets: header spellings, SOAP versions, transfer forms, prefixes, the
 * forms in which XrML arrives. Every accepted case must end in a RAC.
 */
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { readyMachine } from '../../src/client/index.js'
import { openConnection, rawRequest, type RawAnswer } from './raw-http.js'
import { basicHeader, openScene } from './scene.js'

const scene = await openScene(t)
const path = scene.url('/certification/certification.asmx')
const namespace = 'http://microsoft.com/DRM/CertificationService'
const action = `${namespace}/Certify`
const soap11 = 'http://schemas.xmlsoap.org/soap/envelope/'
const soap12 = 'http://www.w3.org/2003/05/soap-envelope'
const authorization = basicHeader('CONTOSO\\bob')
const chain = readyMachine('bob-pc-mode2').chain.map((document) => document.text)

const certificates = (texts: readonly string[] = chain): string =>
  texts.map((document) => `<Certificate>${document}</Certificate>`).join('')
const certify = (content: string = certificates()): string =>
  `<Certify xmlns="${namespace}"><requestParams><MachineCertificateChain>${content}</MachineCertificateChain><Persistent>true</Persistent></requestParams></Certify>`
const versions = `<VersionData xmlns="${namespace}"><MinimumVersion>1.0.0.0</MinimumVersion><MaximumVersion>1.0.0.0</MaximumVersion></VersionData>`
const envelope = (
  body: string,
  { header = versions, ns = soap11, declaration = '<?xml version="1.0" encoding="utf-8"?>' } = {},
): string =>
  `${declaration}<soap:Envelope xmlns:soap="${ns}"><soap:Header>${header}</soap:Header><soap:Body>${body}</soap:Body></soap:Envelope>`

type Headers = Readonly<Record<string, string | undefined>>

async function post(body: string | Buffer, headers: Headers = {}): Promise<RawAnswer> {
  const connection = await openConnection(path)
  connection.send(rawRequest(path, body, { Authorization: authorization, SOAPAction: `"${action}"`, ...headers }))
  const answer = await connection.answer()
  connection.close()
  return answer
}

/** The request was understood and served. */
function hasRac(t: Tap, answer: RawAnswer, version: '1.1' | '1.2' = '1.1'): void {
  t.equal(answer.status, 200, answer.body.slice(0, 400))
  t.match(answer.body, /<CertifyResult><CertificateChain><Certificate><XrML xmlns=""/)
  t.match(answer.body, `<soap:Envelope xmlns:soap="${version === '1.1' ? soap11 : soap12}"`)
  t.equal(answer.headers['content-type'], `${version === '1.1' ? 'text/xml' : 'application/soap+xml'}; charset=utf-8`)
  t.equal(answer.headers['content-encoding'], undefined)
}

type Tap = Pick<typeof t, 'equal' | 'match'>

const headerCases: Readonly<Record<string, Headers>> = {
  'SOAPAction in quotes': {},
  'SOAPAction without quotes (SOAP::Lite)': { SOAPAction: action },
  'no SOAPAction at all': { SOAPAction: undefined },
  'SOAPAction in another spelling (suds)': { SOAPAction: undefined, Soapaction: `"${action}"` },
  'a content type without charset': { 'Content-Type': 'text/xml' },
  'a content type in capitals, charset in quotes': { 'Content-Type': 'Text/XML;charset="UTF-8"' },
  'Accept-Encoding none (npm soap)': { 'Accept-Encoding': 'none' },
  'Accept-Encoding compress (KDSoap)': { 'Accept-Encoding': 'compress' },
  'TE, and Connection: TE, close (SOAP::Lite)': { TE: 'deflate,gzip;q=0.3', Connection: 'TE, close' },
}
for (const [what, headers] of Object.entries(headerCases)) {
  t.test(what, async (t) => hasRac(t, await post(envelope(certify()), headers)))
}

const soap12Cases: Readonly<Record<string, Headers>> = {
  'SOAP 1.2 with action': {
    'Content-Type': `application/soap+xml; charset=utf-8; action="${action}"`,
    SOAPAction: undefined,
  },
  'SOAP 1.2 without action (strong-soap)': {
    'Content-Type': 'application/soap+xml; charset=utf-8',
    SOAPAction: undefined,
  },
  'SOAP 1.2 with action and SOAPAction (gSOAP)': {
    'Content-Type': `application/soap+xml; charset=utf-8; action="${action}"`,
  },
}
for (const [what, headers] of Object.entries(soap12Cases)) {
  t.test(what, async (t) => hasRac(t, await post(envelope(certify(), { ns: soap12 }), headers), '1.2'))
}

/** `<p:Certify>` and everything of the service below it with the prefix; the XrML stays as it is. */
const prefixed = (prefix: string, documents: readonly string[] = chain): string =>
  certify('%')
    .replaceAll(/<(\/?)(?=[A-Za-z])/g, `<$1${prefix}:`)
    .replace(' xmlns=', ` xmlns:${prefix}=`)
    .replace('%', documents.map((document) => `<${prefix}:Certificate>${document}</${prefix}:Certificate>`).join(''))

const renamed = (prefix: string): string =>
  envelope(certify()).replaceAll('soap:', `${prefix}:`).replace(`xmlns:soap=`, `xmlns:${prefix}=`)
const inDefault = (document: string): string => document.replace(' xmlns=""', '')
const escaped = (document: string): string =>
  document.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const reprinted = (document: string): string =>
  document.replaceAll(' />', '/>').replace(/<XrML xmlns="" version="1.2"/, '<XrML version="1.2" xmlns=""')
const pretty = envelope(
  `\n    ${certify(`\n      ${certificates()}\n    `).replaceAll(/>(?=<(?:requestParams|Persistent|MachineCertificateChain|\/Certify))/g, '>\r\n  ')}\n  `,
)

const twoPrefixes =
  `<SOAP-ENV:Envelope xmlns:SOAP-ENV="${soap11}" xmlns:ns0="${soap11}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
  `<SOAP-ENV:Header>${versions}</SOAP-ENV:Header><ns0:Body>${prefixed('ns1')}</ns0:Body></SOAP-ENV:Envelope>`

const bodyCases: Readonly<Record<string, string | Buffer>> = {
  ...Object.fromEntries(
    ['soapenv', 'SOAP-ENV', 'soap-env', 'env', 's'].map((prefix) => [`envelope prefix ${prefix}`, renamed(prefix)]),
  ),
  ...Object.fromEntries(
    ['ns0', 'ns1', 'tns', 'n1'].map((prefix) => [`payload prefix ${prefix}`, envelope(prefixed(prefix))]),
  ),
  'two prefixes for the envelope namespace (suds)': twoPrefixes,
  'an envelope in the default namespace': envelope(certify())
    .replaceAll(/<(\/?)soap:/g, '<$1')
    .replace('xmlns:soap=', 'xmlns='),
  'XML declaration in single quotes': envelope(certify(), { declaration: "<?xml version='1.0' encoding='UTF-8'?>" }),
  'XML declaration without encoding': envelope(certify(), { declaration: '<?xml version="1.0"?>\n' }),
  'no XML declaration': envelope(certify(), { declaration: '' }),
  'UTF-8 with a byte order mark': `\uFEFF${envelope(certify())}`,
  'pretty-printed, with CR LF (strong-soap, soap4r)': pretty,
  'comments and processing instructions between the elements': envelope(
    `<!-- a --><?b c?>${certify(`<!-- <Certificate/> -->${certificates()}`)}`,
  ),
  'XrML as escaped text (strong-soap)': envelope(certify(certificates(chain.map(escaped)))),
  'XrML in a CDATA section': envelope(certify(certificates(chain.map((document) => `<![CDATA[${document}]]>`)))),
  'XrML without xmlns="" under a prefixed payload (KDSoap, zeep)': envelope(prefixed('tns', chain.map(inDefault))),
  'XrML without xmlns="" in the namespace of the service': envelope(certify(certificates(chain.map(inDefault)))),
  'XrML printed anew: <X/>, attributes of the root moved (zeep, PHP, Axis)': envelope(
    certify(certificates(chain.map(reprinted))),
  ),
  'blanks around each XrML': envelope(certify(certificates(chain.map((document) => `\n\t${document}\n`)))),
  'a nil Certificate at the end': envelope(
    certify(`${certificates()}<Certificate xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>`),
  ),
  'encodingStyle on the Body (SOAP::Lite)': envelope(certify()).replace(
    '<soap:Body>',
    '<soap:Body soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">',
  ),
  'no VersionData': envelope(certify(), { header: '' }),
  'no Header element': envelope(certify()).replace(/<soap:Header>.*<\/soap:Header>/s, ''),
  'VersionData with actor next and mustUnderstand 0 (Axis)': envelope(certify(), {
    header: versions.replace(' ', ' soap:actor="http://schemas.xmlsoap.org/soap/actor/next" soap:mustUnderstand="0" '),
  }),
  'VersionData that must be understood': envelope(certify(), {
    header: versions.replace(' ', ' soap:mustUnderstand="1" '),
  }),
  'an unknown header that need not be understood': envelope(certify(), {
    header: '<t:Trace xmlns:t="urn:t" soap:mustUnderstand="0">1</t:Trace>',
  }),
  'an unknown header for another actor': envelope(certify(), {
    header: '<t:Trace xmlns:t="urn:t" soap:mustUnderstand="1" soap:actor="urn:someone">1</t:Trace>',
  }),
  'trailing line ends': `${envelope(certify())}\r\n\r\n`,
}
for (const [what, body] of Object.entries(bodyCases)) {
  t.test(what, async (t) => hasRac(t, await post(body)))
}

const utf16 = { 'Content-Type': 'text/xml; charset=utf-16' }
const declaration = '<?xml version="1.0" encoding="utf-16"?>'
t.test('UTF-16 with and without byte order mark', async (t) => {
  hasRac(t, await post(Buffer.from(`\uFEFF${envelope(certify(), { declaration })}`, 'utf16le'), utf16))
  hasRac(
    t,
    await post(Buffer.from(envelope(certify(), { declaration }), 'utf16le'), {
      'Content-Type': 'text/xml; charset=utf-16le',
    }),
  )
  hasRac(t, await post(Buffer.from(`\uFEFF${envelope(certify(), { declaration })}`, 'utf16le').swap16(), utf16))
})

const templates = scene.url('/licensing/templateDistribution.asmx')

/** What the server reads where these bytes stand: AcquireTemplates gives each name back. */
async function echo(written: Buffer, contentType: string, declaration = '', mark: readonly number[] = []) {
  const [before = '', after = ''] = envelope(
    '<AcquireTemplates xmlns="http://microsoft.com/DRM/TemplateDistributionService"><guids><string>%</string></guids></AcquireTemplates>',
    { header: '', declaration, ns: contentType.startsWith('text/') ? soap11 : soap12 },
  ).split('%')
  const body = Buffer.concat([Buffer.from(mark), Buffer.from(before), written, Buffer.from(after)])
  const connection = await openConnection(path)
  connection.send(
    rawRequest(templates, body, {
      Authorization: authorization,
      SOAPAction: undefined,
      'Content-Type': contentType,
    }),
  )
  const { status, body: answer } = await connection.answer()
  connection.close()
  return { status, read: /<Guid>(.*?)<\/Guid>/.exec(answer)?.[1], answer }
}

const declared = (encoding: string): string => `<?xml version="1.0" encoding="${encoding}"?>`
const application = 'application/soap+xml'

t.test('the encoding is read from byte order mark, charset, declaration, in this order', async (t) => {
  const utf8 = Buffer.from('é')
  const mark = [0xef, 0xbb, 0xbf]
  const cases: readonly (readonly [string, readonly number[] | Buffer, string, string?, (readonly number[])?])[] = [
    ['é', [0xe9], application, declared('ISO-8859-1')],
    ['Ã©', utf8, application, declared('ISO-8859-1')],
    ['é', utf8, `${application}; charset=utf-8`, declared('ISO-8859-1')],
    ['й', [0xe9], `${application}; charset="windows-1251"`, declared('ISO-8859-1')],
    ['é', utf8, `${application}; charset=iso-8859-1`, declared('windows-1251'), mark],
    ['é', utf8, 'text/xml; charset=us-ascii', '', mark],
    ['é', utf8, application, declared('utf-16')],
    ['é', utf8, application],
    ['é', utf8, 'text/xml'],
    ['é', utf8, 'text/xml', declared('ISO-8859-1'), mark],
    ['e', Buffer.from('e'), 'text/xml', declared('shift_jis')],
    ['é', utf8, `${application}; action="urn:a; charset=iso-8859-1"`],
    ['é', [0xe9], `${application}; action="urn:a\\"b"; Charset = "ISO-8859-1" `],
    ['\x80€', [0x80, 0xa4], `${application}; charset=iso-8859-15`],
    ['\x80ÿ', [0x80, 0xff], 'text/xml; charset=latin1'],
    ['€ÿ', [0x80, 0xff], 'text/xml; charset=windows-1252'],
    ['\x80ğ', [0x80, 0xf0], 'text/xml; charset=iso-8859-9'],
    ['€ğ', [0x80, 0xf0], 'text/xml; charset=windows-1254'],
    ['И', [0xe9], application, declared('koi8-r')],
  ]
  for (const [expected, bytes, type, declaration, bom] of cases) {
    const { status, read, answer } = await echo(Buffer.from(bytes), type, declaration, bom)
    t.equal(
      read,
      expected,
      `${type} ${declaration ?? ''} ${String(bom ?? '')} ${status} ${read === undefined ? answer : ''}`,
    )
  }
})

t.test('what cannot be decoded is refused, by the name of its encoding and the place it was read from', async (t) => {
  const odd = Buffer.from([0xe9])
  const refusals: readonly (readonly [number, RegExp, string, string?, (readonly number[])?])[] = [
    [400, /neither UTF-8 nor UTF-16.* "utf-8", the charset of the Content-Type/, 'text/xml; charset=utf-8'],
    [400, /neither UTF-8 nor UTF-16.* "utf-8", because the Content-Type names no charset/, application],
    [400, /neither UTF-8 nor UTF-16.* "utf-8", by its byte order mark/, application, '', [0xef, 0xbb, 0xbf]],
    [400, /not in us-ascii/, 'text/xml; charset=us-ascii'],
    [400, /not in US-ASCII.*from its XML declaration/, application, declared('US-ASCII')],
    [
      400,
      /"ISO-8859-1" from the XML declaration does not count for text\/xml: .*charset=ISO-8859-1/,
      'text/xml',
      declared('ISO-8859-1'),
    ],
    [415, /"shift_jis", the charset of the Content-Type, is not read here/, 'text/xml; charset=shift_jis'],
    [415, /"'iso-8859-1'", the charset/, "text/xml; charset='iso-8859-1'"],
    [415, /"utf-7", from its XML declaration/, application, declared('utf-7')],
    [415, /"utf-32", by its byte order mark/, application, '', [0xff, 0xfe, 0, 0]],
  ]
  for (const [status, why, type, declaration, mark] of refusals)
    t.match(await echo(odd, type, declaration, mark), { status, answer: why }, `${type} ${declaration ?? ''}`)
})

t.test('a request in chunks (gSOAP, .NET)', async (t) => {
  const body = Buffer.from(envelope(certify()))
  const connection = await openConnection(path)
  const head = { Authorization: authorization, 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' }
  connection.send(rawRequest(path, '', head))
  for (let at = 0; at < body.length; at += 1000) {
    const part = body.subarray(at, at + 1000)
    connection.send(
      Buffer.concat([Buffer.from(`${part.length.toString(16)};extension=1\r\n`), part, Buffer.from('\r\n')]),
    )
  }
  connection.send('0\r\nTrailer: 1\r\n\r\n')
  hasRac(t, await connection.answer())
  connection.close()
})

t.test('a request in gzip (PHP), also in chunks; an answer that is not compressed unasked', async (t) => {
  const packed = gzipSync(envelope(certify()))
  hasRac(t, await post(packed, { 'Content-Encoding': 'gzip' }))
  hasRac(t, await post(packed, { 'Content-Encoding': 'x-gzip' }))
  t.match(await post(packed, { 'Content-Encoding': 'br' }), { status: 415 })
  t.match(await post(packed.subarray(0, 100), { 'Content-Encoding': 'gzip' }), { status: 400 })
})

t.test('Expect: 100-continue is answered before the body is sent (.NET, Mono)', async (t) => {
  const connection = await openConnection(path)
  const request = rawRequest(path, envelope(certify()), { Authorization: authorization, Expect: '100-continue' })
  const bodyStart = request.indexOf('\r\n\r\n') + 4
  connection.send(request.subarray(0, bodyStart))
  t.equal((await connection.answer()).status, 100)
  connection.send(request.subarray(bodyStart))
  hasRac(t, await connection.answer())
  connection.close()
})

t.test('HTTP/1.0 without keep-alive (Axis): answered with a length, and closed', async (t) => {
  for (const host of [undefined, 'rms.contoso.test']) {
    const connection = await openConnection(path)
    connection.send(rawRequest(path, envelope(certify()), { Authorization: authorization, Host: host }, 'POST', '1.0'))
    const answer = await connection.answer()
    hasRac(t, answer)
    t.equal(answer.headers['transfer-encoding'], undefined)
    t.equal(answer.headers['content-length'], String(Buffer.byteLength(answer.body)))
    await connection.closed
  }
})

t.test('a connection goes on after 401, after a fault, and answers pipelined requests in order', async (t) => {
  const connection = await openConnection(path)
  connection.send(rawRequest(path, envelope(certify()), {}))
  t.match(await connection.answer(), { status: 401, headers: { 'www-authenticate': /^Basic / } })
  const request = rawRequest(path, envelope(certify('')), { Authorization: authorization })
  const good = rawRequest(path, envelope(certify()), { Authorization: authorization })
  connection.send(Buffer.concat([request, good, request]))
  t.match(await connection.answer(), { status: 500, body: /ArgumentNullException/ })
  hasRac(t, await connection.answer())
  t.match(await connection.answer(), { status: 500, body: /ArgumentNullException/ })
  connection.close()
})

const trace = '<t:Trace xmlns:t="urn:t" soap:mustUnderstand="1">1</t:Trace>'
t.test('a header that must be understood and is not known is refused, in both versions', async (t) => {
  t.match(await post(envelope(certify(), { header: trace })), {
    status: 500,
    body: /<faultcode>soap:MustUnderstand<\/faultcode>/,
  })
  const actor = trace.replace('>1<', ' soap:actor="http://schemas.xmlsoap.org/soap/actor/next">1<')
  t.match(await post(envelope(certify(), { header: actor })), { status: 500, body: /MustUnderstand/ })
  const answer = await post(envelope(certify(), { header: trace.replace('"1"', '"true"'), ns: soap12 }), {
    'Content-Type': 'application/soap+xml',
    SOAPAction: undefined,
  })
  t.match(answer, {
    status: 500,
    headers: { 'content-type': /^application\/soap\+xml/ },
    body: /<soap:Value>soap:MustUnderstand</,
  })
})

t.test('what is wrong is refused as ASP.NET does', async (t) => {
  t.match(await post(envelope(certify()), { SOAPAction: '"urn:other"' }), {
    status: 500,
    body: /<faultcode>soap:Client<.*did not recognize the value of HTTP Header SOAPAction/s,
  })
  t.match(await post(envelope(certify()), { SOAPAction: '""' }), { status: 500, body: /<faultcode>soap:Client</ })
  t.match(await post('<soap:Envelope'), { status: 400, body: /<faultcode>soap:Client</ })
  t.match(await post(''), { status: 400 })
  t.match(await post(envelope(certify()), { 'Content-Type': 'text/plain' }), { status: 415 })
  t.match(await post(envelope(certify()), { 'Content-Type': undefined }), { status: 415 })
  t.match(await post(envelope(certify(), { ns: 'urn:soap' })), { status: 500, body: /soap:VersionMismatch/ })
  t.match(
    await post(envelope(certify()).replace('<Certify ', '<Other ').replace('</Certify>', '</Other>'), {
      SOAPAction: undefined,
    }),
    { status: 500, body: /has no operation/ },
  )
})

async function ask(method: string, url: string, version = '1.1', headers: Headers = {}): Promise<RawAnswer> {
  const connection = await openConnection(path)
  connection.send(rawRequest(url, '', { 'Content-Type': undefined, ...headers }, method, version))
  const answer = await connection.answer()
  connection.close()
  return answer
}

t.test(
  'the WSDL is served without credentials, in any case, also to HTTP/1.0, with the address that was used',
  async (t) => {
    for (const query of ['?wsdl', '?WSDL', '?Wsdl', '?singleWsdl&wsdl']) {
      const answer = await ask('GET', `${path}${query}`)
      t.match(answer, { status: 200, headers: { 'content-type': 'text/xml; charset=utf-8' } }, query)
      t.match(answer.body, `<soap:address location="${path}" />`)
    }
    const other = await ask('GET', `${path.toUpperCase().replace('HTTP', 'http')}?wsdl`, '1.0', {
      Host: 'rms.contoso.test:8080',
      Connection: 'close',
    })
    t.match(
      other.body,
      '<soap:address location="http://rms.contoso.test:8080/_wmcs/certification/certification.asmx" />',
    )
    t.match(await ask('GET', path), { status: 200, headers: { 'content-type': /^text\/html/ } })
    t.match(await ask('PUT', path), { status: 405, headers: { allow: 'GET, HEAD, POST' } })
  },
)
