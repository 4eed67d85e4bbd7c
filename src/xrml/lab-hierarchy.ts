/** The lab hierarchy in `certs/`: the trust root, the enrollment service that signs SLCs, and the issuer of machine certificates. */
import { readdirSync, readFileSync } from 'node:fs'
import { privateKeyFromPem, publicKeyFromModulus, type RsaPrivateKey, type RsaPublicKey } from '../crypto/keys.js'
import type { CryptoMode } from '../crypto/modes.js'
import { packageFolder } from '../package-folder.js'
import { readDocuments, type XrmlDocument } from './document.js'

/** What a verifier pins. */
export interface TrustRoot {
  readonly name: string
  readonly publicKey: RsaPublicKey
}

/** A certificate with the chain above it, and its private key. */
export interface LabIssuer {
  readonly chain: readonly XrmlDocument[]
  readonly key: RsaPrivateKey
}

const certs = new URL('certs/', packageFolder)

export function labTrustRoot(mode: CryptoMode): TrustRoot {
  const { name, modulus } = JSON.parse(readText(`hierarchy/root-mode${mode}.json`)) as { name: string; modulus: string }
  return { name, publicKey: publicKeyFromModulus(modulus) }
}

/** Issuer of SLCs by self-enrollment. */
export function labEnrollmentService(mode: CryptoMode): LabIssuer {
  return readIssuer(`hierarchy/mode${mode}/enrollment-service`)
}

/** Issuer of SPCs: the key that every client of the lab has built in. */
export function labSpcIssuer(mode: CryptoMode): LabIssuer {
  return readIssuer(`hierarchy/mode${mode}/spc-issuer`)
}

/** Public keys that a server looks for in the second and third certificate of an SPC chain: the SPC issuer's and its CA's. */
export function labSpcAuthorities(mode: CryptoMode): readonly string[] {
  return labSpcIssuer(mode)
    .chain.slice(0, 2)
    .flatMap((document) => document.body.issuedPrincipal?.publicKey?.modulus ?? [])
}

/** Names of the ready-made machines. */
export function labMachines(): readonly string[] {
  return readdirSync(new URL('machines/', certs)).toSorted()
}

/** A ready-made machine: SPC chain, leaf first, and its private key. */
export function labMachine(name: string): { readonly chain: readonly XrmlDocument[]; readonly key: RsaPrivateKey } {
  return {
    chain: readDocuments(readText(`machines/${name}/spc.xrml`)),
    key: privateKeyFromPem(readText(`machines/${name}/key.pem`)),
  }
}

/** What a partner would send: the SLC of its root with the chain, and its publishing domain as a file (JSON), under the lab's password. */
export function labPartner(): { readonly licensorCertificate: string; readonly publishingDomain: string } {
  return {
    licensorCertificate: readText('partner/licensor-certificate.xrml'),
    publishingDomain: readText('partner/publishing-domain.json'),
  }
}

/** Read once in a process: every cluster that is made needs them. */
const issuers = new Map<string, LabIssuer>()

function readIssuer(path: string): LabIssuer {
  const known = issuers.get(path)
  if (known !== undefined) return known
  const key = privateKeyFromPem(readText(`${path}.key.pem`))
  const issuer = { chain: readDocuments(readText(`${path}.xrml`)), key }
  issuers.set(path, issuer)
  return issuer
}

function readText(path: string): string {
  return readFileSync(new URL(path, certs), 'utf8')
}
