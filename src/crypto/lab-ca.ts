/** A certification authority for TLS in a lab, and certificates for servers under it (X.509 by node-forge). */
import { isIP } from 'node:net'
import type { Clock, Random } from '../effects.js'
import { generateKeyPair, privateKeyToPem } from './keys.js'
import { nodeForge, type Forge } from './node-forge.js'

/** Certificate and private key (PKCS#8), both in PEM. */
export interface TlsIdentity {
  readonly cert: string
  readonly key: string
}

export interface CertificateEffects {
  readonly clock: Clock
  readonly random: Random
}

const day = 24 * 3600_000
const caDays = 3650
/** Clients refuse certificates that are valid for longer than 398 days. */
const serverDays = 397
const keyBits = 2048

/** Every authority has a name of its own, so that two of them in one trust store are told apart. */
export async function makeLabCa(effects: CertificateEffects): Promise<TlsIdentity> {
  const forge = nodeForge()
  const key = await newKey()
  const certificate = draft(key, caDays, effects)
  const subject = [{ name: 'commonName', value: `rms-emulator lab CA ${effects.random.bytes(4).toString('hex')}` }]
  certificate.setSubject(subject)
  certificate.setIssuer(subject)
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
  ])
  certificate.sign(key.privateKey, forge.md.sha256.create())
  return { cert: forge.pki.certificateToPem(certificate), key: key.pem }
}

/** @param names DNS names and IP addresses; the first is the common name too */
export async function issueServerCertificate(
  ca: TlsIdentity,
  names: readonly string[],
  effects: CertificateEffects,
): Promise<TlsIdentity> {
  const forge = nodeForge()
  const issuer = forge.pki.certificateFromPem(ca.cert)
  const key = await newKey()
  const certificate = draft(key, serverDays, effects)
  certificate.setSubject([{ name: 'commonName', value: (names[0] ?? 'localhost').slice(0, 64) }])
  certificate.setIssuer(issuer.subject.attributes)
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', serverAuth: true },
    {
      name: 'subjectAltName',
      altNames: names.map((name) => (isIP(name) > 0 ? { type: 7, ip: name } : { type: 2, value: name })),
    },
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
  ])
  certificate.sign(forge.pki.privateKeyFromPem(ca.key), forge.md.sha256.create())
  return { cert: forge.pki.certificateToPem(certificate), key: key.pem }
}

interface Key {
  readonly privateKey: Forge.pki.rsa.PrivateKey
  readonly publicKey: Forge.pki.rsa.PublicKey
  readonly pem: string
}

async function newKey(): Promise<Key> {
  const forge = nodeForge()
  const pem = privateKeyToPem(await generateKeyPair(keyBits))
  const privateKey = forge.pki.privateKeyFromPem(pem)
  return { privateKey, publicKey: forge.pki.setRsaPublicKey(privateKey.n, privateKey.e), pem }
}

/**
 * A serial number in hexadecimal digits, as node-forge writes it into a certificate: byte by byte, as the content of an INTEGER. The first one is
 * 40 to 7F, so that the number is positive and never begins with a byte too many, which X.690 8.3.2 forbids.
 * @param bytes random ones: two bits of them do not count
 */
export function serialNumberOf(bytes: Buffer): string {
  const first = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return Buffer.concat([Buffer.of(first), bytes.subarray(1)]).toString('hex')
}

/**
 * Whether a certificate has a serial number that OpenSSL does not read (X.690 8.3.2), as former versions of this program made one in 512: nobody can
 * have trusted it.
 * @param cert PEM; false for what is no certificate at all
 */
export function hasPaddedSerial(cert: string): boolean {
  try {
    return /^(?:00[0-7]|ff[89a-f])/i.test(nodeForge().pki.certificateFromPem(cert).serialNumber)
  } catch {
    return false
  }
}

function draft({ publicKey }: Key, days: number, { clock, random }: CertificateEffects): Forge.pki.Certificate {
  const certificate = nodeForge().pki.createCertificate()
  certificate.publicKey = publicKey
  certificate.serialNumber = serialNumberOf(random.bytes(16))
  const now = clock.now().getTime()
  certificate.validity.notBefore = new Date(now - day)
  certificate.validity.notAfter = new Date(now + days * day)
  return certificate
}
