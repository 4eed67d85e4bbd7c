/** A process that is no node but answers like one at once: 20 KB for whatever it is sent. Tells its URL to who started it, and ends with it. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const answer = Buffer.alloc(20 * 1024, 'a')

process.on('SIGINT', () => undefined)
process.once('disconnect', () => process.exit(0))
const server = createServer((request, response) => {
  request.resume().once('end', () => {
    response.writeHead(200, { 'content-type': 'text/xml', 'content-length': answer.length })
    response.end(answer)
  })
})
server.keepAliveTimeout = 65_000
server.listen(
  0,
  '127.0.0.1',
  () => void process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
)
