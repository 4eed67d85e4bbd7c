/** SPC, the machine certificate ([MS-RMPR] 2.2.9.4). Never made by a server: clients make it when they activate themselves. */
import type { RsaPublicKey } from '../crypto/keys.js'
import type { HashName } from '../crypto/modes.js'
import type { Signer } from '../crypto/signer.js'
import { surfaceDigest } from '../crypto/signed-octets.js'
import { element, text } from '../xml/write.js'
import { MalformedXrml, securityLevel, type Principal } from './body.js'
import type { XrmlDocument } from './document.js'
import {
  descriptorElement,
  issuerElement,
  licenseBody,
  objectElement,
  publicKeyElement,
  securityLevelElements,
} from './elements.js'
import { base64Value, signDocument } from './signature.js'
import { issuedTimeElement } from './times.js'

export interface Spc {
  readonly document: XrmlDocument
  /** OBJECT, public key and security levels of the machine. */
  readonly machine: Principal
  /** The trailing a.b.c.d of the Repository security level; undefined when there is none. */
  readonly repositoryVersion: string | undefined
}

/** @throws MalformedXrml */
export function readSpc(document: XrmlDocument): Spc {
  const machine = document.body.issuedPrincipal
  if (document.kind !== 'SPC') throw new MalformedXrml(`The document is a ${document.kind}, not an SPC`)
  if (machine?.object === undefined || machine.publicKey === undefined)
    throw new MalformedXrml('The SPC names no machine or no RSA key')
  return { document, machine, repositoryVersion: repositoryVersion(machine) }
}

/** Bounds the search in a text that nobody has signed yet; four numbers of 16 bits need 23 characters. */
const longestVersion = 64

/**
 * Repository is free text that ends in a version. How it is compared with the exclusion policy is open in the specification; the
 * trailing a.b.c.d is taken.
 */
export function repositoryVersion(machine: Principal | undefined): string | undefined {
  return /(\d+\.\d+\.\d+\.\d+)\s*$/.exec((securityLevel(machine, 'Repository') ?? '').slice(-longestVersion))?.[1]
}

export interface SpcFields {
  readonly certificateGuid: string
  readonly machineGuid: string
  readonly issuedTime: Date
  /** Principal of the SPC issuer's certificate. */
  readonly issuer: Principal
  readonly publicKey: RsaPublicKey
  /** What the hardware hash is made of. */
  readonly hardwareId: string
  readonly version: string
}

export async function buildSpc(fields: SpcFields, signer: Signer, hash: HashName): Promise<string> {
  const activation = {
    type: 'Activation',
    idType: 'MS-GUID',
    id: '{99F48562-703E-4E7D-9175-DD69C66921B7}',
    name: 'Microsoft Activation',
    addresses: [{ type: 'URL', value: 'file:///rmactivate.exe' }],
  }
  const body = licenseBody(
    issuedTimeElement(fields.issuedTime),
    descriptorElement({
      type: 'Machine-Certificate',
      idType: 'MS-GUID',
      id: fields.certificateGuid,
      name: 'Microsoft Machine-Certificate',
    }),
    issuerElement(fields.issuer),
    element('DISTRIBUTIONPOINT', {}, objectElement(activation)),
    element(
      'ISSUEDPRINCIPALS',
      {},
      element(
        'PRINCIPAL',
        {},
        objectElement({
          type: 'Machine-Unique-Identifier',
          idType: 'MS-GUID',
          id: fields.machineGuid,
          name: 'Machine',
        }),
        publicKeyElement(fields.publicKey),
        element(
          'DIGEST',
          {},
          element('ALGORITHM', {}, text(hash)),
          element(
            'PARAMETER',
            { name: 'codingtype' },
            element('VALUE', { encoding: 'string' }, text('surface-coding')),
          ),
          base64Value(surfaceDigest(fields.hardwareId, hash)),
        ),
        securityLevelElements([
          { name: 'Platform', value: '2.6.1.7600' },
          { name: 'Manufacturer', value: `LAB rms-emulator machine ${fields.version}` },
          { name: 'Repository', value: `LAB rms-emulator secure repository ${fields.version}` },
        ]),
      ),
    ),
  )
  // The genuine client puts the XrML attributes in the client's order, but DIGEST first as a server does.
  const document = await signDocument(body, { signer, hash, surface: 'server' })
  return document.replace('<XrML xmlns="" version="1.2">', '<XrML version="1.2" xmlns="">')
}
