/** Certificates of the lab CA: every one of them can be read by OpenSSL, whatever its random bytes were. */
import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { hasPaddedSerial, issueServerCertificate, makeLabCa, serialNumberOf } from '../../src/crypto/lab-ca.js'
import { systemClock, systemRandom } from '../../src/effects.js'

/** Random bytes that begin so. */
const beginning = (...first: readonly number[]) => ({
  clock: systemClock,
  random: { bytes: (length: number) => Buffer.concat([Buffer.from(first), systemRandom.bytes(length)], length) },
})

t.test(
  'whatever the first two random bytes are, a serial number is a positive INTEGER of 16 bytes in DER',
  async (t) => {
    const ca = new X509Certificate((await makeLabCa(beginning())).cert)
    const at = ca.raw.indexOf(Buffer.from(ca.serialNumber, 'hex'))
    const wrong: string[] = []
    for (let first = 0; first < 0x1_00_00; first++) {
      const second = first & 0xff
      const random = Buffer.concat([Buffer.of(first >> 8, second), Buffer.alloc(14, 7)])
      const serial = serialNumberOf(random)
      if (!isShortestPositive(serial)) wrong.push(random.toString('hex'))
      if (!telling.has(second)) continue
      // OpenSSL judges: it reads a certificate with that serial number in it, or does not.
      const der = Buffer.from(ca.raw)
      der.write(serial, at, 'hex')
      if (!isReadable(der, serial)) wrong.push(random.toString('hex'))
    }
    t.same(wrong, [])
  },
)

t.test('CA and server certificate, with random bytes that made bad ones', async (t) => {
  for (const first of [
    [0x00, 0x5a],
    [0x00, 0x00],
    [0x00, 0x80],
    [0x80, 0x00],
    [0xff, 0xff],
  ]) {
    const effects = beginning(...first)
    const ca = await makeLabCa(effects)
    const server = await issueServerCertificate(ca, ['localhost'], effects)
    const [above, below] = [new X509Certificate(ca.cert), new X509Certificate(server.cert)]
    t.ok(below.checkIssued(above) && below.verify(above.publicKey), Buffer.from(first).toString('hex'))
    t.notOk(hasPaddedSerial(ca.cert))
  }
})

/** Second bytes at which the rule for an INTEGER turns, and some between. */
const telling = new Set([0x00, 0x01, 0x5a, 0x7f, 0x80, 0xff])

/** X.690 8.3.2: no leading zero byte that is not needed for the sign, and none of the sign. */
function isShortestPositive(serial: string): boolean {
  return /^[0-9a-f]{32}$/i.test(serial) && /^(?:0[1-9a-f]|[1-7][0-9a-f])/i.test(serial)
}

function isReadable(der: Buffer, serial: string): boolean {
  try {
    return new X509Certificate(der).serialNumber.toLowerCase() === serial
  } catch {
    return false
  }
}
