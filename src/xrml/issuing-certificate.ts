/** Certificates that issue others: the CA certificates, the enrollment service, SPC issuers and the SLC itself ([MS-RMPR] 2.2.9.3). */
import type { RsaPublicKey } from '../crypto/keys.js'
import type { HashName } from '../crypto/modes.js'
import type { Signer } from '../crypto/signer.js'
import { element, type Markup } from '../xml/write.js'
import type { Principal, SecurityLevel } from './body.js'
import {
  descriptorElement,
  issuedPrincipals,
  issueWork,
  issuerElement,
  licenseBody,
  objectElement,
  publicKeyElement,
  securityLevelElements,
  type ObjectFields,
} from './elements.js'
import { signDocument } from './signature.js'
import { issuedTimeElement, type TimeRange } from './times.js'

/** The name and key an issuer signs with: a principal of its own certificate, or the root, which has none. */
export type Issuer = Principal | { readonly object: ObjectFields; readonly publicKey: RsaPublicKey }

export interface IssuingCertificate {
  readonly descriptorType: 'DRM-CA-Certificate' | 'Server-Licensor-Certificate'
  /** GUID of the certificate. */
  readonly guid: string
  readonly issuedTime: Date
  readonly issuer: Issuer
  readonly principal: ObjectFields
  readonly publicKey: RsaPublicKey
  /** Server-Version and Server-SKU; only an SLC has them. */
  readonly securityLevels?: readonly SecurityLevel[]
  readonly range: TimeRange
}

export async function buildIssuingCertificate(
  certificate: IssuingCertificate,
  signer: Signer,
  hash: HashName,
): Promise<string> {
  const object: ObjectFields = { type: certificate.descriptorType, idType: 'MS-GUID', id: certificate.guid }
  const body = licenseBody(
    issuedTimeElement(certificate.issuedTime),
    descriptorElement(object),
    issuerOf(certificate.issuer),
    issuedPrincipals(
      objectElement(certificate.principal),
      publicKeyElement(certificate.publicKey),
      securityLevelElements(certificate.securityLevels ?? []),
    ),
    issueWork(object, certificate.range),
  )
  return signDocument(body, { signer, hash, surface: 'server' })
}

function issuerOf(issuer: Issuer): Markup {
  if ('source' in issuer) return issuerElement(issuer)
  return element('ISSUER', {}, objectElement(issuer.object), publicKeyElement(issuer.publicKey))
}
