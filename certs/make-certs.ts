/**
 * Makes everything in certs/ anew: `npm run certs`. New keys, same layout; whatever was issued under the old root no longer verifies.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { generateKeyPair, privateKeyToPem, publicExponent, type RsaPrivateKey } from '../src/crypto/keys.js'
import { modes, type CryptoMode, type ModeRules } from '../src/crypto/modes.js'
import { createSigner } from '../src/crypto/signer.js'
import { newGuid, systemRandom } from '../src/effects.js'
import { readOneDocument, type XrmlDocument } from '../src/xrml/document.js'
import type { ObjectFields } from '../src/xrml/elements.js'
import { buildIssuingCertificate, type Issuer } from '../src/xrml/issuing-certificate.js'
import { buildSpc } from '../src/xrml/spc.js'

/** Root and CA keys have this length in both modes. */
const authorityBits = 2048
const issuedTime = new Date('2020-01-01T00:00Z')
const range = { from: issuedTime, until: new Date('2255-01-01T00:00Z') }
const machines = ['alice-pc', 'bob-pc']
const folder = new URL('../../certs/', import.meta.url)

interface Member {
  readonly issuer: Issuer
  readonly key: RsaPrivateKey
  readonly chain: readonly XrmlDocument[]
}

const authority = (name: string): ObjectFields => ({
  type: 'DRM-Certificate-Authority',
  idType: 'ascii-tag',
  id: name,
  name,
})
const guidObject = (type: string, name: string): ObjectFields => ({
  type,
  idType: 'MS-GUID',
  id: newGuid(systemRandom),
  name,
})

function write(path: string, content: string): void {
  const file = new URL(path, folder)
  mkdirSync(new URL('.', file), { recursive: true })
  writeFileSync(file, content)
}

async function makeRoot(rules: ModeRules): Promise<Member> {
  const key = await generateKeyPair(authorityBits)
  const object = authority(`LAB DRM Root Mode ${rules.mode}`)
  const pinned = { name: object.id, modulus: key.publicKey.modulus, exponent: publicExponent }
  write(`hierarchy/root-mode${rules.mode}.json`, `${JSON.stringify(pinned, null, 2)}\n`)
  write(`hierarchy/mode${rules.mode}/root.key.pem`, privateKeyToPem(key))
  return { issuer: { object, publicKey: key.publicKey }, key, chain: [] }
}

async function makeMember(
  parent: Member,
  descriptorType: 'DRM-CA-Certificate' | 'Server-Licensor-Certificate',
  principal: ObjectFields,
  bits: number,
  rules: ModeRules,
): Promise<Member> {
  const key = await generateKeyPair(bits)
  const certificate = {
    descriptorType,
    guid: newGuid(systemRandom),
    issuedTime,
    issuer: parent.issuer,
    principal,
    publicKey: key.publicKey,
    range,
  }
  const document = readOneDocument(
    await buildIssuingCertificate(certificate, createSigner('forge', parent.key), rules.hash),
  )
  const issuer = document.body.issuedPrincipal
  if (issuer === undefined) throw new Error('The certificate just made has no principal')
  return { issuer, key, chain: [document, ...parent.chain] }
}

function writeMember(path: string, member: Member): void {
  write(`${path}.xrml`, member.chain.map((document) => document.text).join(''))
  write(`${path}.key.pem`, privateKeyToPem(member.key))
}

async function makeMachine(name: string, issuer: Member, rules: ModeRules): Promise<void> {
  const key = await generateKeyPair(rules.keyBits)
  if (!('source' in issuer.issuer)) throw new Error('Machines are issued by a certificate, not by the root')
  const fields = {
    certificateGuid: newGuid(systemRandom),
    machineGuid: newGuid(systemRandom),
    issuedTime,
    issuer: issuer.issuer,
    publicKey: key.publicKey,
    hardwareId: name,
    version: '6.1.7600.16385',
  }
  const spc = await buildSpc(fields, createSigner('forge', issuer.key), rules.hash)
  const path = `machines/${name}-mode${rules.mode}`
  write(`${path}/spc.xrml`, spc + issuer.chain.map((document) => document.text).join(''))
  write(`${path}/key.pem`, privateKeyToPem(key))
}

async function makeHierarchy(mode: CryptoMode): Promise<void> {
  const rules = modes[mode]
  const path = `hierarchy/mode${mode}`
  const root = await makeRoot(rules)
  const ca = await makeMember(root, 'DRM-CA-Certificate', authority('LAB DRM CA'), authorityBits, rules)
  writeMember(`${path}/ca`, ca)

  const enrollmentCa = await makeMember(
    ca,
    'DRM-CA-Certificate',
    authority('LAB DRM Server Enrollment CA'),
    rules.keyBits,
    rules,
  )
  const serviceObject = guidObject('MS-DRM-Server', 'LAB DRM Server Self Enrollment Service')
  const service = await makeMember(enrollmentCa, 'Server-Licensor-Certificate', serviceObject, rules.keyBits, rules)
  writeMember(`${path}/enrollment-ca`, enrollmentCa)
  writeMember(`${path}/enrollment-service`, service)

  const activationCa = await makeMember(
    ca,
    'DRM-CA-Certificate',
    authority('LAB DRM Machine Activation Server CA'),
    authorityBits,
    rules,
  )
  const processorObject = guidObject(
    'DRM-Desktop-Security-Processor-Certificate-Authority',
    'LAB DRM Machine Activation Desktop Security Processor CA',
  )
  const processorCa = await makeMember(activationCa, 'DRM-CA-Certificate', processorObject, rules.keyBits, rules)
  const issuerObject = guidObject(
    'MS-DRM-Desktop-Security-Processor',
    'LAB DRM Desktop Security Processor Activation Certificate',
  )
  const spcIssuer = await makeMember(processorCa, 'Server-Licensor-Certificate', issuerObject, rules.keyBits, rules)
  writeMember(`${path}/machine-activation-ca`, activationCa)
  writeMember(`${path}/security-processor-ca`, processorCa)
  writeMember(`${path}/spc-issuer`, spcIssuer)

  for (const name of machines) await makeMachine(name, spcIssuer, rules)
}

await makeHierarchy(1)
await makeHierarchy(2)
// Its SLC is issued under the hierarchy just made, which is read when it is loaded.
const { makePartner } = await import('./make-partner.js')
await makePartner()
