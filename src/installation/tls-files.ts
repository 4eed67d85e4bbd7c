/**
 * The TLS files of an installation, in the folder `tls` of its data: a lab CA, which stays, and a certificate for its servers, which is made anew
 * when names are missing or its time runs out.
 */
import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import {
  hasPaddedSerial,
  issueServerCertificate,
  makeLabCa,
  type CertificateEffects,
  type TlsIdentity,
} from '../crypto/lab-ca.js'
import { BadTlsFile, readTlsFiles, type TlsFilePair } from './tls-pair.js'

export interface TlsOptions {
  /** Names and addresses that clients use, besides `localhost`, 127.0.0.1, ::1 and the name of this machine. */
  readonly names?: readonly string[]
  /** Files in PEM with a certificate, and those above it, and its key, for what clients see; a certificate of the lab CA when left out. */
  readonly certificateFile?: string | undefined
  readonly keyFile?: string | undefined
  /** File in PEM with what processes of the installation trust besides: one that cannot be read is left out. */
  readonly trustedFile?: string | undefined
}

export interface TlsFiles {
  /** Certificates of the lab CA in PEM, and its file. */
  readonly ca: string
  readonly caFile: string
  /** What processes of the installation trust, in a file. */
  readonly trustFile: string
  /** Of the nodes: always of the lab CA, which processes here trust. */
  readonly node: TlsFilePair
  /** Of what clients see. */
  readonly front: TlsFilePair
}

/** The same for servers of one process, which need no files. */
export interface Tls {
  readonly ca: string
  readonly front: TlsIdentity
}

/** Days before its end at which a certificate is made anew. */
const renewalDays = 30

/** @throws BadTlsFile, and the system's errors */
export async function prepareTlsFiles(
  dataFolder: string,
  options: TlsOptions,
  effects: CertificateEffects,
): Promise<TlsFiles> {
  const folder = join(dataFolder, 'tls')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const brought = await readTlsFiles(options.certificateFile, options.keyFile)
  const ca = (await readPair(folder, 'ca')) ?? (await writePair(folder, 'ca', await makeLabCa(effects)))
  const names = namesOf(options.names ?? [])
  const known = await readPair(folder, 'server')
  const isGood = known !== undefined && covers(known.cert, ca.cert, names, effects.clock.now())
  const node = isGood ? known : await writePair(folder, 'server', await issueServerCertificate(ca, names, effects))
  const trustFile = join(folder, 'trust.pem')
  const trusted = options.trustedFile === undefined ? '' : await readFile(options.trustedFile, 'utf8').catch(() => '')
  await writeFile(trustFile, [ca.cert, brought?.cert ?? '', trusted].join('\n'), { mode: 0o600 })
  return { ca: ca.cert, caFile: ca.certFile, trustFile, node, front: brought ?? node }
}

/** With a lab CA of its own, and nothing of it in a file. @throws BadTlsFile, and the system's errors */
export async function makeTls(options: TlsOptions, effects: CertificateEffects): Promise<Tls> {
  const brought = await readTlsFiles(options.certificateFile, options.keyFile)
  const names = namesOf(options.names ?? [])
  const ca = await makeLabCa(effects)
  return { ca: ca.cert, front: brought ?? (await issueServerCertificate(ca, names, effects)) }
}

/** What clients trust, in PEM. */
export function trustedOf(tls: Tls | undefined): string | undefined {
  return tls && `${tls.ca}\n${tls.front.cert}`
}

/** @throws BadTlsFile */
function namesOf(given: readonly string[]): readonly string[] {
  const isName = (name: string): boolean => isIP(name) > 0 || /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(name)
  const wrong = given.find((name) => !isName(name))
  if (wrong !== undefined)
    throw new BadTlsFile(
      `${JSON.stringify(wrong)} is neither a DNS name nor an IP address: give names such as rms.contoso.test`,
    )
  return [
    ...new Set(
      ['localhost', '127.0.0.1', '::1', hostname(), ...given].filter(isName).map((name) => name.toLowerCase()),
    ),
  ]
}

function covers(cert: string, ca: string, names: readonly string[], now: Date): boolean {
  const certificate = new X509Certificate(cert)
  const end = new Date(certificate.validTo).getTime() - renewalDays * 24 * 3600_000
  const isNamed = (name: string): boolean =>
    (isIP(name) > 0 ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined
  return certificate.verify(new X509Certificate(ca).publicKey) && now.getTime() < end && names.every(isNamed)
}

async function readPair(folder: string, name: string): Promise<TlsFilePair | undefined> {
  const [certFile, keyFile] = [join(folder, `${name}.pem`), join(folder, `${name}-key.pem`)]
  if (!existsSync(certFile) && !existsSync(keyFile)) return undefined
  if (hasPaddedSerial(await readFile(certFile, 'utf8').catch(() => ''))) return undefined
  // One that is there and cannot be used is not replaced behind the back of those who trust it.
  return readTlsFiles(certFile, keyFile)
}

async function writePair(folder: string, name: string, { cert, key }: TlsIdentity): Promise<TlsFilePair> {
  const [certFile, keyFile] = [join(folder, `${name}.pem`), join(folder, `${name}-key.pem`)]
  await writeFile(keyFile, key, { mode: 0o600 })
  await writeFile(certFile, cert, { mode: 0o644 })
  return { cert, key, certFile, keyFile }
}
