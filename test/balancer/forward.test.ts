import { createHash } from 'node:crypto'
import { Agent, request } from 'node:http'
import { PassThrough } from 'node:stream'
import t from 'tap'
import { testClock } from '../fixtures/test-clock.js'
import { ask, askEcho, rawClient, startLab, stateOf, type RawClient } from './lab.js'
import type { Echo } from './upstream.js'

const sha256 = (content: Buffer | string) => createHash('sha256').update(content).digest('hex')

/** Bytes that repeat only after a long time, so that a lost or doubled piece shows. */
function pattern(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 31 + (index >> 8) * 7) & 0xff))
}

function valuesOf({ headers }: Echo, name: string): readonly string[] {
  return headers.filter((_, index) => index % 2 === 1 && headers[index - 1]?.toLowerCase() === name)
}

t.test('requests go round evenly, and X-Served-By passes through', async (t) => {
  const { url, balancer } = await startLab(t, 3)
  const served: Record<string, number> = {}
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  t.teardown(() => agent.destroy())
  await Promise.all(
    Array.from({ length: 300 }, async () => {
      const { headers } = await ask(`${url}/echo`, { body: 'x', agent })
      const id = String(headers['x-served-by'])
      served[id] = (served[id] ?? 0) + 1
    }),
  )
  t.same(served, { 'node-1': 100, 'node-2': 100, 'node-3': 100 })
  t.same(
    balancer.status().clusters[0]?.nodes.map(({ counters }) => counters.requests),
    [100, 100, 100],
  )
})

t.test('what a node gets and what a client gets', async (t) => {
  const { url } = await startLab(t, 1)

  await t.test('headers that end at a hop do not pass, those that Connection names too', async (t) => {
    const client = await rawClient(t, url)
    client.send(
      'POST /echo?a=b%20c HTTP/1.1\r\nHost: rms.contoso.test\r\nConnection: close, X-Secret , x-other\r\nX-Secret: 1\r\nX-Other: 2\r\nKeep-Alive: 5\r\nTE: trailers\r\n' +
        'Upgrade: h2c\r\nProxy-Connection: close\r\nProxy-Authorization: Basic eDp5\r\nTrailer: X-T\r\nX-Forwarded-For: 10.1.1.1\r\nX-Forwarded-Proto: https\r\nX-Balancer-Listener: extranet\r\nX-Balancer-Connection: mine\r\n' +
        'SOAPAction: "a"\r\nAuthorization: Basic eDp5\r\nContent-Length: 5\r\n\r\nhello',
    )
    const answer = await client.rest()
    const echo = JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)) as Echo
    t.equal(echo.url, '/echo?a=b%20c')
    for (const name of [
      'x-secret',
      'x-other',
      'keep-alive',
      'te',
      'upgrade',
      'proxy-connection',
      'proxy-authorization',
      'trailer',
    ])
      t.same(valuesOf(echo, name), [], name)
    t.same(valuesOf(echo, 'connection'), ['keep-alive'], 'the balancer says its own')
    t.same(valuesOf(echo, 'host'), ['rms.contoso.test'])
    t.same(valuesOf(echo, 'x-forwarded-for'), ['10.1.1.1, 127.0.0.1'])
    t.same(valuesOf(echo, 'x-forwarded-proto'), ['http'])
    t.same(valuesOf(echo, 'x-forwarded-host'), ['rms.contoso.test'])
    t.same(valuesOf(echo, 'x-balancer-listener'), ['intranet'])
    t.same(valuesOf(echo, 'x-balancer-connection'), [], 'not what the client says, nor a name for a proxy')
    t.same(valuesOf(echo, 'soapaction'), ['"a"'])
    t.same(valuesOf(echo, 'authorization'), ['Basic eDp5'])
    t.match(answer, /\r\nConnection: close\r\n/)
    t.notMatch(answer, /X-Only-Here/)
    t.equal(answer.match(/Set-Cookie/g)?.length, 2, 'repeated headers stay apart')
  })

  await t.test('what Forwarded says of the way goes on where X-Forwarded-For does', async (t) => {
    const { body } = await ask(`${url}/echo`, {
      headers: { forwarded: 'for=10.1.1.1;proto=https, for="[2001:db8::7]:1"' },
    })
    const { headers } = JSON.parse(body) as Echo
    t.equal(headers[headers.indexOf('X-Forwarded-For') + 1], '10.1.1.1, [2001:db8::7]:1, 127.0.0.1')
    t.notOk(headers.some((name) => name.toLowerCase() === 'forwarded'))
  })

  await t.test('a connection has a name, but not one that shows a proxy', async (t) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    t.teardown(() => agent.destroy())
    const nameWith = async (headers: Record<string, string>) =>
      valuesOf(await askEcho(`${url}/echo`, { agent, headers }), 'x-balancer-connection')
    const own = await nameWith({})
    t.match(own, [/^[\w-]{16}-\d+$/])
    for (const header of ['X-Forwarded-For', 'Forwarded', 'Via', 'X-Real-IP', 'X-Forwarded-Proto', 'X-Balancer-Key'])
      t.same(await nameWith({ [header]: 'x' }), [], header)
    t.same(await nameWith({ Connection: 'keep-alive, Via', Via: '1.1 x' }), [], 'also one that ends at this hop')
    t.same(await nameWith({ 'X-Other': 'x' }), own)
  })

  await t.test('bodies arrive exactly: none, small, some that are streamed, chunked', async (t) => {
    const agent = new Agent({ keepAlive: true })
    t.teardown(() => agent.destroy())
    for (const length of [0, 1, 27_000, 65_536, 65_537, 1_000_000, 6_000_000]) {
      const body = pattern(length)
      t.match(
        await askEcho(`${url}/echo`, { body, agent, headers: { 'content-length': length } }),
        { length, hash: sha256(body), method: 'POST' },
        `${length} bytes`,
      )
      t.match(
        await askEcho(`${url}/echo`, { body, agent, headers: { 'transfer-encoding': 'chunked' } }),
        { length, hash: sha256(body) },
        `${length} bytes, chunked`,
      )
    }
    t.equal((await ask(`${url}/chunked`, { agent })).body, 'one two three')
  })

  await t.test('a large body flows before its end is there', async (t) => {
    const body = new PassThrough()
    const outgoing = request(`${url}/echo`, { method: 'POST' })
    const answered = new Promise<number>((resolve) =>
      outgoing.on('response', (incoming) => resolve(incoming.resume().statusCode ?? 0)),
    )
    body.pipe(outgoing)
    body.write(pattern(200_000))
    body.end(pattern(100))
    t.equal(await answered, 200)
  })

  await t.test('GET, HEAD, DELETE and OPTIONS pass, and a target in absolute form', async (t) => {
    t.match(await askEcho(`${url}/echo`, { method: 'GET' }), { method: 'GET', length: 0 })
    t.match(await askEcho(`${url}/echo`, { method: 'DELETE', body: 'abc', headers: { 'content-length': 3 } }), {
      method: 'DELETE',
      length: 3,
    })
    t.match(await askEcho(`${url}/echo`, { method: 'OPTIONS' }), { method: 'OPTIONS' })
    t.match(await ask(`${url}/echo`, { method: 'HEAD' }), { status: 200, body: '' })
    const client = await rawClient(t, url)
    client.send('GET http://other.test/echo HTTP/1.1\r\nHost: rms.test\r\nConnection: close\r\n\r\n')
    t.match(await client.rest(), /"url":"\/echo","headers":\["[Hh]ost","other\.test"/)
  })

  await t.test(
    'every legal host reaches the node as the client wrote it; without one, nothing is made up',
    async (t) => {
      const hostsOf = async (line: string): Promise<readonly (readonly string[])[]> => {
        const client = await rawClient(t, url)
        client.send(`GET /echo HTTP/1.0\r\n${line}\r\n`)
        const answer = await client.rest()
        const echo = JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)) as Echo
        return [valuesOf(echo, 'x-forwarded-host'), valuesOf(echo, 'host')]
      }
      for (const host of [
        'root_balancer:7000',
        "o'brien",
        'a;b=c',
        'a,b:7000',
        'r%6fot',
        '[fe80::1%25eth0]:80',
        'a:65535',
        'ROOT.',
      ])
        t.same(await hostsOf(`Host: ${host}\r\n`), [[host], [host]], host)
      t.same(await hostsOf('Host: root:\r\n'), [['root'], ['root']], 'a colon without a port')
      for (const line of ['', 'Host:\r\n']) t.same((await hostsOf(line))[0], [''], 'none')
    },
  )

  await t.test('a connection is kept, in HTTP/1.1 by default and in HTTP/1.0 when asked', async (t) => {
    const client = await rawClient(t, url)
    for (const _ of [1, 2]) {
      client.send('POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi')
      t.match(await client.until(/0\r\n\r\n/), /^HTTP\/1\.1 200/)
    }
    client.send('GET /early HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
    t.match(await client.until(/\r\n\r\n/), /^HTTP\/1\.1 413[^]*Connection: keep-alive/i)
    client.send('GET /chunked HTTP/1.0\r\n\r\n')
    const answer = await client.rest()
    t.match(
      answer,
      /^HTTP\/1\.1 200[^]*\r\n\r\none two three$/,
      'no chunks for HTTP/1.0, and the end is the end of the connection',
    )
    t.notMatch(answer, /transfer-encoding/i)
  })

  await t.test('pipelined requests are answered in their order', async (t) => {
    const client = await rawClient(t, url)
    client.send(
      'GET /echo?1 HTTP/1.1\r\nHost: a\r\n\r\nGET /chunked HTTP/1.1\r\nHost: a\r\n\r\nGET /echo?2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    )
    t.match(await client.rest(), /echo\?1[^]*three[^]*echo\?2/)
  })

  await t.test('100 Continue comes when somebody waits for it', async (t) => {
    const client = await rawClient(t, url)
    client.send(
      'POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n',
    )
    t.equal(await client.until(/\r\n\r\n/), 'HTTP/1.1 100 Continue\r\n\r\n')
    client.send('hello')
    const answer = await client.rest()
    t.match(answer, /"length":5/)
    t.notMatch(answer, /"expect"/i)
    const other = await rawClient(t, url)
    other.send('POST /echo HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 5\r\n\r\n')
    t.match(await other.rest(), /^HTTP\/1\.1 417/)
  })

  await t.test('an answer that comes before the body was sent leaves the connection in step', async (t) => {
    const client = await rawClient(t, url)
    client.send(`POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(100_000)}`)
    t.match(await client.until(/\r\n\r\n/), /^HTTP\/1\.1 413/)
    client.send(`${'x'.repeat(100_000)}GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    t.match(await client.rest(), /^HTTP\/1\.1 200/)
  })
})

t.test('framing that could be read in two ways is refused, and never reaches a node', async (t) => {
  const { url, upstreams } = await startLab(t, 1)
  const cases: readonly [string, string, number][] = [
    [
      'length and chunks',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    [
      'chunks and length',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello', 400],
    ['the same length twice', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello', 400],
    ['a list of lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello', 400],
    ['a length with a sign', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello', 400],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n', 400],
    ['a folded coding', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n', 400],
    ['a space before the colon', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n', 400],
    [
      'a coding that is not chunked',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
      501,
    ],
    [
      'chunked that is not last',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['a coding like chunked', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n', 501],
    ['chunked in HTTP/1.0', 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    [
      'a chunk size with 0x',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n',
      400,
    ],
    ['line feeds alone', 'GET / HTTP/1.1\nHost: a\n\n', 400],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['a target that is no path', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a tunnel', 'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', 405],
    ['another version', 'GET / HTTP/1.2\r\nHost: a\r\n\r\n', 400],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['a null in a header', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n', 400],
    ...['root balancer', 'a<b', 'user@root', 'a:99999', 'a:b', '[::1', '[fe80::1%]', 'a%zz', 'ü'].map(
      (host): [string, string, number] => [`the host ${host}`, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 400],
    ),
    ['a host that is none in the target', 'GET http://a:99999/ HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['headers without end', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`, 431],
    ['a target without end', `GET /${'x'.repeat(70_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
  ]
  for (const [name, text, status] of cases) {
    const client = await rawClient(t, url)
    client.send(text)
    const answer = await client.rest()
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), name)
    t.match(answer, /\r\nx-request-id: balancer-\w+-\d+\r\n/i, `${name}: has a name`)
    if (status !== 405) t.match(answer, /\r\n\r\n[A-Z][^]+[.:]/, `${name}: says why`)
  }
  const { '/readyz': _, ...others } = (await upstreams[0]?.counts()) ?? {}
  t.same(others, {})
})

t.test('a proxy that is trusted says how the client asked, another one does not', async (t) => {
  const said = [
    ['X-Forwarded-Proto: HTTPS, http\r\nX-Forwarded-Host: rms.contoso.test, inner\r\n', 'https', 'rms.contoso.test'],
    ['X-Forwarded-Proto: https\r\nX-Forwarded-Port: 8443\r\n', 'https', 'a:8443'],
    [
      'forwarded: for=10.0.0.1;proto=https;host="rms.contoso.test:8443", for=10.0.0.2\r\n',
      'https',
      'rms.contoso.test:8443',
    ],
    ['X-Forwarded-Host: user@rms\r\nX-Forwarded-Proto: gopher\r\n', 'http', 'a'],
    ['', 'http', 'a'],
  ] as const
  for (const [trust, list] of [
    [true, '10.0.0.0/8, 127.0.0.0/8'],
    [false, '10.0.0.0/8'],
    [false, undefined],
  ] as const) {
    const { url } = await startLab(t, 1, {}, list === undefined ? {} : { trusted: list })
    for (const [lines, scheme, host] of said) {
      const client = await rawClient(t, url)
      client.send(`GET /echo HTTP/1.0\r\nHost: a\r\n${lines}\r\n`)
      const answer = await client.rest()
      const echo = JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)) as Echo
      t.same(
        [valuesOf(echo, 'x-forwarded-proto'), valuesOf(echo, 'x-forwarded-host'), valuesOf(echo, 'host')],
        trust ? [[scheme], [host], [host]] : [['http'], ['a'], ['a']],
        `${list}: ${lines}`,
      )
      t.same(valuesOf(echo, 'x-forwarded-port'), [])
      t.same(valuesOf(echo, 'forwarded'), [], 'a node would believe it as ours')
    }
  }
})

t.test('a body above the limit is answered 413, by the balancer itself, also to who sends on', async (t) => {
  const { url, upstreams, balancer } = await startLab(t, 2, { bodyBytes: 1_000_000 })
  const counts = async () =>
    (await Promise.all(upstreams.map((upstream) => upstream.counts()))).map((count) => count['/echo'] ?? 0)
  const large = 'x'.repeat(5_000_000)
  const chunked = `${(2_500_000).toString(16)}\r\n${large.slice(2_500_000)}\r\n`
  const next = 'GET /echo?next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
  for (const [name, text] of [
    ['with a length', `POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n${large}`],
    ['chunked', `POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}${chunked}0\r\n\r\n`],
  ] as const) {
    const client = await rawClient(t, url)
    client.socket.pause()
    client.send(text + next)
    client.socket.resume()
    t.match(await client.rest(), /^HTTP\/1\.1 413 [^]*larger than[^]*HTTP\/1\.1 200 [^]*echo\?next/, name)
  }
  for (const more of ['HTTP/1.0\r\n', 'HTTP/1.1\r\nConnection: close\r\n']) {
    const client = await rawClient(t, url)
    client.socket.pause()
    client.send(`POST /echo ${more}Host: a\r\nContent-Length: 5000000\r\n\r\n${large}`)
    client.socket.resume()
    t.match(await client.rest(), /^HTTP\/1\.1 413 /, more)
  }
  const waiting = await rawClient(t, url)
  waiting.send('POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5000000\r\n\r\n')
  t.match(await waiting.rest(), /^HTTP\/1\.1 413 /, 'who asks before sending need not send')
  t.match(await ask(`${url}/echo`, { body: Buffer.alloc(1_000_000) }), { status: 200 }, 'up to the limit')
  t.match(await ask(`${url}/echo`, { body: Buffer.alloc(1_000_000), headers: { 'transfer-encoding': 'chunked' } }), {
    status: 200,
  })
  t.ok((await counts()).every((count) => count > 0))
  t.same(
    balancer.status().clusters[0]?.nodes.map(({ state, running, counters }) => [state, running, counters.failures]),
    [
      ['ready', 0, 0],
      ['ready', 0, 0],
    ],
  )
})

t.test('clients that are slow, too many, or gone', async (t) => {
  await t.test('headers that do not end in time are answered 408', async (t) => {
    const { url } = await startLab(t, 1, { headersTimeout: 200 })
    const client = await rawClient(t, url)
    client.send('POST /echo HTTP/1.1\r\nHost: a\r\n')
    t.match(await client.rest(), /^HTTP\/1\.1 408 /)
  })
  await t.test('a body that does not end in time too, and the node hears of it', async (t) => {
    const { url, upstreams } = await startLab(t, 1, { requestTimeout: 300 })
    const client = await rawClient(t, url)
    client.send(`POST /never HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(100_000)}`)
    await upstreams[0]?.next('holding')
    t.match(await client.rest(), /^HTTP\/1\.1 408 /)
    t.match(await upstreams[0]?.next('closed'), { finished: false })
  })
  await t.test('an idle connection is closed', async (t) => {
    const { url } = await startLab(t, 1, { idleTimeout: 100 })
    const client = await rawClient(t, url)
    client.send('GET /early HTTP/1.1\r\nHost: a\r\n\r\n')
    t.match(await client.rest(), /^HTTP\/1\.1 413 /)
  })
  await t.test('connections above the limit are closed', async (t) => {
    const { url } = await startLab(t, 1, { connections: 1 })
    const first = await rawClient(t, url)
    first.send('GET /early HTTP/1.1\r\nHost: a\r\n\r\n')
    await first.until(/\r\n\r\n/)
    const second = await rawClient(t, url)
    t.equal(await second.rest(), '')
  })
  await t.test('a client that goes away takes its request with it', async (t) => {
    const { url, upstreams, balancer } = await startLab(t, 1)
    const client = await rawClient(t, url)
    client.send('POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi')
    await upstreams[0]?.next('holding')
    client.socket.resetAndDestroy()
    t.match(await upstreams[0]?.next('closed'), { finished: false })
    t.equal(stateOf(balancer, 'node-1'), 'ready', 'which is not the fault of the node')
  })
  await t.test('a client that ends its half of the connection is answered', async (t) => {
    const { url, upstreams } = await startLab(t, 1)
    const client = await rawClient(t, url)
    client.send('POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi')
    await upstreams[0]?.next('holding')
    client.socket.end()
    upstreams[0]?.tell('release')
    t.match(await client.rest(), /^HTTP\/1\.1 200 [^]*\r\n\r\n[^]+$/)
    for (const [way, head, body] of [
      ['1.0', 'POST /echo HTTP/1.0\r\nHost: a\r\nContent-Length: 2\r\n\r\n', 'hi'],
      ['Connection: close', 'POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n', 'hi'],
      ['chunked', 'POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', '2\r\nhi\r\n0\r\n\r\n'],
      [
        'NTLM',
        'POST /echo HTTP/1.1\r\nHost: a\r\nAuthorization: NTLM TlRMTVNTUAABAAAA\r\nContent-Length: 2\r\n\r\n',
        'hi',
      ],
      [
        'two at a time',
        'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\nGET /echo HTTP/1.1\r\nHost: a\r\n\r\n',
        '',
      ],
    ] as const) {
      const half = await rawClient(t, url)
      half.socket.end(head + body, 'latin1')
      t.match(await half.rest(), /^HTTP\/1\.1 200 [^]*"url":"\/echo"/, way)
    }
    for (const [what, cut] of [
      ['in its head', 'POST /echo HTTP/1.1\r\nHost: a\r\n'],
      ['in its body', 'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\nhi'],
    ] as const) {
      const half = await rawClient(t, url)
      half.socket.end(cut, 'latin1')
      t.match(await half.rest(), /^HTTP\/1\.1 400 [^]*cut/, `a request that is cut ${what} is not carried out`)
    }
    const silent = await rawClient(t, url)
    silent.socket.end()
    t.equal(await silent.rest(), '', 'who asks nothing is not waited for')
  })
  await t.test('who is refused a tunnel does not keep the connection', async (t) => {
    const clock = testClock()
    const { url, balancer } = await startLab(t, 1, {}, { clock })
    const connections = (): number | undefined => balancer.status().clusters[0]?.listeners[0]?.connections
    const refused = async (): Promise<RawClient> => {
      const client = await rawClient(t, url)
      client.socket.allowHalfOpen = true
      client.send('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n')
      await client.until(/^HTTP\/1\.1 405 [^]*\r\n\r\n/)
      t.equal(connections(), 1)
      return client
    }
    const ends = await refused()
    ends.send('what is sent now is read by nobody')
    ends.socket.end()
    while (connections() !== 0) await clock.advance(0)
    await refused()
    await clock.untilTimer(1000)
    await clock.advance(1000)
    while (connections() !== 0) await clock.advance(0)
  })
  await t.test('a node that is slow costs 504', async (t) => {
    const { url, balancer } = await startLab(t, 1, { answerTimeout: 1000 })
    t.match(await ask(`${url}/never`, { body: 'x' }), { status: 504 })
    t.equal(stateOf(balancer, 'node-1'), 'ready')
  })
  await t.test(
    'one that says that its answer is to come is waited for, and the client hears nothing of it',
    async (t) => {
      const { url } = await startLab(t, 1, { answerTimeout: 1000 })
      const { status, body } = await ask(`${url}/processing`, { body: 'x' })
      t.match({ status, node: (JSON.parse(body) as Echo).node }, { status: 200, node: 'node-1' })
    },
  )
})
