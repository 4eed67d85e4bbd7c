import t from 'tap'
import { PortRefused } from '../../src/installation/balancer-process.js'
import { freePorts } from '../../src/installation/free-ports.js'

t.test('the port asked for, else the preferred one, else the next that is free', async (t) => {
  const ports = freePorts(7000)
  for (const port of [7000, 7001]) ports.take(`http://127.0.0.1:${port}`)
  const tried: number[] = []
  const openExcept =
    (...busy: readonly number[]) =>
    async (port: number): Promise<number> => {
      tried.push(port)
      if (busy.includes(port)) throw new PortRefused('EADDRINUSE', { host: '127.0.0.1', port })
      return port
    }
  t.equal(await ports.openAt(undefined, undefined, openExcept(7002)), 7003)
  t.same(tried, [7002, 7003], 'those of the installation are not tried')
  t.equal(await ports.openAt(undefined, 7009, openExcept()), 7009)
  t.equal(await ports.openAt(undefined, 7009, openExcept(7009)), 7002)
  t.equal(await ports.openAt(undefined, 7001, openExcept()), 7002, 'another one has it')
  await t.rejects(ports.openAt(7005, undefined, openExcept(7005)), {
    name: 'PortRefused',
    port: 7005,
    code: 'EADDRINUSE',
  })
  await t.rejects(
    ports.openAt(undefined, undefined, async () => Promise.reject(new Error('another one'))),
    { message: 'another one' },
  )
  await t.rejects(freePorts(65_535).openAt(undefined, undefined, openExcept(65_535)), { name: 'PortRefused' })
  const last = freePorts(65_535)
  last.take('http://127.0.0.1:65535')
  await t.rejects(last.openAt(undefined, undefined, openExcept()), { message: /No port from 65535 on is left/ })
  t.equal(await freePorts(0).openAt(undefined, 7009, openExcept()), 0, 'any free one')
})
