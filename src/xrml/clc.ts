/** CLC, the certificate with which an account publishes offline ([MS-RMPR] 2.2.9.6). */
import type { RsaPublicKey } from '../crypto/keys.js'
import type { HashName } from '../crypto/modes.js'
import type { Sealed } from '../crypto/seal.js'
import type { Signer } from '../crypto/signer.js'
import { descend } from '../xml/read.js'
import { asMarkup, type Markup } from '../xml/write.js'
import { distributionPoint, MalformedXrml, readEnablingBits, type EnablingBitsField, type Principal } from './body.js'
import type { XrmlDocument } from './document.js'
import {
  descriptorElement,
  distributionPointElement,
  issuedPrincipals,
  issueWork,
  issuerElement,
  licenseBody,
  publicKeyElement,
  type ObjectFields,
} from './elements.js'
import { signDocument } from './signature.js'
import { issuedTimeElement, type TimeRange } from './times.js'

export interface Clc {
  readonly document: XrmlDocument
  /** The server that will license what is published with this certificate. */
  readonly issuer: Principal
  readonly account: Principal
  readonly licensingUrl: string
  readonly extranetLicensingUrl: string | undefined
  /** The private key, sealed to the RAC. */
  readonly enablingBits: EnablingBitsField
}

/** @throws MalformedXrml */
export function readClc(document: XrmlDocument): Clc {
  const { issuer, issuedPrincipal: account, work } = document.body
  const licensingUrl = distributionPoint(document.body, 'License-Acquisition-URL')
  const access = descend(
    work,
    'RIGHTSGROUP',
    'RIGHTSLIST',
    'RIGHT',
    'CONDITIONLIST',
    'ACCESS',
    'PRINCIPAL',
    'ENABLINGBITS',
  )
  const enablingBits = readEnablingBits(access)
  if (document.kind !== 'CLC') throw new MalformedXrml(`The document is a ${document.kind}, not a CLC`)
  if (issuer?.publicKey === undefined) throw new MalformedXrml('The CLC has no ISSUER with an RSA key')
  if (account?.object === undefined || account.publicKey === undefined)
    throw new MalformedXrml('The CLC names no account or no RSA key')
  if (licensingUrl === undefined) throw new MalformedXrml('The CLC has no License-Acquisition-URL')
  if (enablingBits === undefined) throw new MalformedXrml('The CLC has no sealed private key')
  const extranetLicensingUrl = distributionPoint(document.body, 'Extranet-License-Acquisition-URL')
  return { document, issuer, account, licensingUrl, extranetLicensingUrl, enablingBits }
}

export interface ClcFields {
  readonly guid: string
  readonly issuedTime: Date
  /** The RAC's VALIDITYTIME. */
  readonly range: TimeRange
  /** Principal of the SLC. */
  readonly issuer: Principal
  readonly licensingUrl: string
  readonly extranetLicensingUrl: string | undefined
  /** Principal of the RAC: its OBJECT is copied. */
  readonly account: Principal
  readonly publicKey: RsaPublicKey
  /** Sealed to the RAC and tied to the ISSUER element, see `clcIssuerText`. */
  readonly privateKey: Sealed
}

/** The ISSUER element as it will stand in the CLC. */
export function clcIssuerText(issuer: Principal): Markup {
  return issuerElement(issuer)
}

export async function buildClc(fields: ClcFields, signer: Signer, hash: HashName): Promise<string> {
  const object: ObjectFields = { type: 'Client-Licensor-Certificate', idType: 'MS-GUID', id: fields.guid }
  const body = licenseBody(
    issuedTimeElement(fields.issuedTime),
    descriptorElement(object),
    clcIssuerText(fields.issuer),
    distributionPointElement('License-Acquisition-URL', fields.licensingUrl),
    distributionPointElement('Extranet-License-Acquisition-URL', fields.extranetLicensingUrl),
    issuedPrincipals(asMarkup(fields.account.object?.source ?? ''), publicKeyElement(fields.publicKey)),
    issueWork(object, fields.range, fields.privateKey),
  )
  return signDocument(body, { signer, hash, surface: 'server' })
}
