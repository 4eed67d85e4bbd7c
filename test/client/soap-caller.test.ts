import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { callSoap, CallFailed, SoapFault } from '../../src/client/soap-caller.js'
import type { SoapCall } from '../../src/client/soap-caller.js'
import { RmsException } from '../../src/exceptions.js'
import { contentType, readEnvelope, writeEnvelope } from '../../src/soap/envelope.js'
import { faultStatus, writeFault } from '../../src/soap/fault.js'
import { readVersionData, versionDataHeader } from '../../src/soap/version-data.js'
import { element } from '../../src/xml/write.js'
import { strictly } from '../soap/strictly.js'

const namespace = 'http://microsoft.com/DRM/LicensingService'
const answer = element('AcquireLicenseResponse', { xmlns: namespace }, element('AcquireLicenseResult'))

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void

async function serve(t: Tap, handler: Handler): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => handler(request, response, Buffer.concat(chunks).toString()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/_wmcs/licensing/license.asmx`
}

type Tap = Pick<typeof t, 'teardown'>

function call(url: string, more: Partial<SoapCall> = {}): SoapCall {
  return { url, namespace, operation: 'AcquireLicense', body: element('AcquireLicense', { xmlns: namespace }), ...more }
}

const failure = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

for (const version of ['1.1', '1.2'] as const) {
  t.test(`a call over SOAP ${version} carries what the server needs`, async (t) => {
    const seen: IncomingMessage[] = []
    const url = await serve(t, (request, response, body) => {
      seen.push(request)
      const message = readEnvelope(body)
      t.equal(message.version, version)
      t.same(readVersionData(message, strictly(namespace)), { minimum: '1.0.0.0', maximum: '1.1.0.0' })
      response.writeHead(200, { 'Content-Type': contentType(version) })
      response.end(writeEnvelope(version, versionDataHeader(namespace), answer))
    })
    const options = call(url, {
      version,
      versions: { minimum: '1.0.0.0', maximum: '1.1.0.0' },
      credentials: { user: 'CONTOSO\\älice', password: 'Pass:w0rd!' },
      userAgent: 'rms-test/1.0',
    })
    const body = await callSoap(options)
    t.equal(body.name, 'AcquireLicenseResponse')
    t.equal(body.children[0]?.name, 'AcquireLicenseResult')
    for (let again = 0; again < 9; again++) await callSoap(options)

    const headers = seen[0]?.headers ?? {}
    const action = `${namespace}/AcquireLicense`
    t.equal(headers['content-type'], contentType(version, action))
    t.equal(headers['soapaction'], version === '1.1' ? `"${action}"` : undefined)
    t.equal(headers['user-agent'], 'rms-test/1.0')
    t.equal(Buffer.from(headers.authorization?.slice(6) ?? '', 'base64').toString(), 'CONTOSO\\älice:Pass:w0rd!')
    // fetch opens a second connection when the first is not yet marked as free
    t.ok(new Set(seen.map((request) => request.socket)).size <= 2, 'connections are used again')
  })
}

t.test('without options there is 1.0.0.0 and no password; the header can be left out', async (t) => {
  const bodies: string[] = []
  const url = await serve(t, (request, response, body) => {
    bodies.push(body)
    t.equal(request.headers.authorization, undefined)
    response.writeHead(200, { 'Content-Type': 'text/xml', 'Content-Encoding': 'gzip' })
    response.end(gzipSync(writeEnvelope('1.1', undefined, answer)))
  })
  await callSoap(call(url))
  await callSoap(call(url, { versions: 'none' }))
  t.match(bodies[0], '<MaximumVersion>1.0.0.0</MaximumVersion>')
  t.notMatch(bodies[1], /Header/)
})

t.test('a fault is a SoapFault with the name of the exception', async (t) => {
  const refusal = new RmsException('MalformedDataVersion', '')
  let text = ''
  const url = await serve(t, (_request, response) => {
    response.writeHead(faultStatus(refusal), { 'Content-Type': 'text/xml; charset=utf-8' }).end(text)
  })
  text = writeFault('1.1', refusal)
  const error = await failure(callSoap(call(url)))
  t.ok(error instanceof SoapFault)
  t.match(error, { exceptionName: refusal.fullName, text: refusal.faultString, status: 500, code: 'Server', url })

  text = writeFault('1.2', refusal)
  t.match(await failure(callSoap(call(url))), { exceptionName: refusal.fullName, code: 'Receiver' }, 'SOAP 1.2')

  text = text.replace(
    refusal.fullName,
    `System.Web.Services.Protocols.SoapException: Server was unable. ---> ${refusal.fullName}`,
  )
  t.match(await failure(callSoap(call(url))), { exceptionName: refusal.fullName }, 'behind the wrapper of ASP.NET')

  text = text.replaceAll(/>[^<]*<\/soap:Text>/g, '>Server was unable to process request.</soap:Text>')
  t.match(await failure(callSoap(call(url))), { name: 'SoapFault', exceptionName: undefined }, 'a fault without a name')
})

t.test('answers that are no SOAP say what to do', async (t) => {
  let status = 200
  let headers: Record<string, string> = {}
  let text = ''
  const url = await serve(t, (_request, response) => response.writeHead(status, headers).end(text))
  const failing = async (): Promise<unknown> => failure(callSoap(call(url, { maximumBytes: 10_000 })))
  const html = { 'Content-Type': 'text/html' }
  const cases: readonly (readonly [number, Record<string, string>, string, RegExp])[] = [
    [401, { 'WWW-Authenticate': 'Basic' }, '', /Check user and password/],
    [403, html, '', /may not use this service/],
    [404, html, '', /Check the path of the URL/],
    [302, { Location: '/elsewhere' }, '', /Use that address/],
    [413, html, '', /larger than the server accepts/],
    [503, { 'Content-Type': 'text/xml' }, '', /nodes behind the address are running/],
    [200, html, '<html />', /Is this the address of an RMS service/],
    [200, { 'Content-Type': 'text/xml' }, '<html>', /not with a SOAP message/],
    [200, { 'Content-Type': 'text/xml' }, '', /not with a SOAP message/],
    [
      200,
      { 'Content-Type': 'text/xml' },
      writeEnvelope('1.1', undefined, element('Other')),
      /answered AcquireLicense with 'Other'/,
    ],
    [200, { 'Content-Type': 'text/xml' }, ' '.repeat(20_000), /more than 10000 bytes/],
  ]
  for (const [nextStatus, nextHeaders, nextText, expected] of cases) {
    ;[status, headers, text] = [nextStatus, nextHeaders, nextText]
    const error = await failing()
    t.ok(error instanceof CallFailed, `HTTP ${status}`)
    t.match(error, { message: expected, status, url })
  }
})

t.test('a server that cannot be reached', async (t) => {
  const gone = createServer()
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve))
  const { port } = gone.address() as AddressInfo
  await new Promise((resolve) => gone.close(resolve))
  const refused = await failure(callSoap(call(`http://127.0.0.1:${port}/`)))
  t.match(refused, { name: 'CallFailed', status: undefined, message: /connection was refused\. Is the server running/ })

  t.match(await failure(callSoap(call('ftp://x/'))), {
    name: 'CallFailed',
    message: /'ftp:\/\/x\/' is not an http or https address/,
  })
  t.match(await failure(callSoap(call('rms server'))), {
    name: 'CallFailed',
    message: /is not an http or https address/,
  })

  const closing = await serve(t, (request) => request.socket.destroy())
  t.match(await failure(callSoap(call(closing))), {
    name: 'CallFailed',
    message: /closed the connection without an answer/,
  })

  const silent = await serve(t, (_request, response) =>
    response.writeHead(200, { 'Content-Type': 'text/xml' }).write('<'),
  )
  const late = await failure(callSoap(call(silent, { timeoutMilliseconds: 50 })))
  t.match(late, { name: 'CallFailed', message: /no complete answer within 50 ms/ })
})
