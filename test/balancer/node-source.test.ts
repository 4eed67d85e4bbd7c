import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import t from 'tap'
import { followNodes } from '../../src/balancer/node-source.js'
import type { NodeEntry } from '../../src/balancer/options.js'
import { testClock } from '../fixtures/test-clock.js'

/** Milliseconds. */
const interval = 1000
const node = (id: string): NodeEntry => ({ id, url: `http://127.0.0.1:${id.length}` })

t.test('a list that changes is taken, once; whatever is no list leaves it as it was', async (t) => {
  let answer = (response: ServerResponse): unknown => response.end(JSON.stringify({ nodes: [node('a')] }))
  let asked = 0
  let bearer: string | undefined
  const server = createServer((request, response) => {
    asked++
    bearer = request.headers.authorization
    answer(response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const lines: string[] = []
  const log = pino(
    { level: 'info' },
    { write: (line: string) => void lines.push((JSON.parse(line) as { msg: string }).msg) },
  )
  const taken: string[][] = []
  const clock = testClock()
  /** The time goes on while nothing is asked. */
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await clock.advance(clock.timers()[0] === interval ? interval : 0)
  }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/nodes`
  const take = (nodes: readonly NodeEntry[]): void => void taken.push(nodes.map(({ id }) => id))
  const end = followNodes({ url, token: 'secret', interval }, take, { log, timers: clock })

  await until(() => asked >= 3 && taken.length > 0)
  t.same(taken, [['a']], 'the same list again is no news')
  t.equal(bearer, 'Bearer secret')
  const notLists: readonly ((response: ServerResponse) => unknown)[] = [
    (response) => response.writeHead(503).end('{"nodes":[]}'),
    (response) => response.writeHead(302, { location: '/other' }).end(),
    (response) => response.end('{"nodes":{}}'),
    (response) => response.end('not JSON'),
    (response) => response.end(JSON.stringify({ nodes: [{ id: 'x', url: 'ftp://127.0.0.1' }] })),
    (response) => response.end(`{"nodes":[],"more":"${'x'.repeat(1024 * 1024)}"}`),
    (response) => response.destroy(),
  ]
  for (const wrong of notLists) {
    answer = wrong
    const before = asked
    await until(() => asked >= before + 3)
  }
  answer = () => undefined
  const before = asked
  await until(() => asked > before)
  await clock.advance(5000)
  await until(() => lines.filter((line) => /stays as it was/.test(line)).length > notLists.length)
  t.same(taken, [['a']])
  t.equal(lines.filter((line) => /stays as it was/.test(line)).length, notLists.length + 1, 'each reason is told once')
  const byTls = { id: 'cc', url: 'https://127.0.0.1:2' }
  answer = (response) => response.end(JSON.stringify({ nodes: [node('b'), byTls] }))
  await until(() => taken.length === 2)
  t.same(taken[1], ['b', 'cc'])
  t.match(lines, ['the node list has changed'])
  end()
})
