/** RAC, the account certificate ([MS-RMPR] 2.2.9.5), and its public form without a machine ([MS-RMSI] 3.3.4.1). */
import type { RsaPublicKey } from '../crypto/keys.js'
import type { HashName } from '../crypto/modes.js'
import type { Sealed } from '../crypto/seal.js'
import type { Signer } from '../crypto/signer.js'
import { asMarkup, element, type Markup } from '../xml/write.js'
import { MalformedXrml, type EnablingBitsField, type Principal } from './body.js'
import type { XrmlDocument } from './document.js'
import {
  descriptorElement,
  distributionPointElement,
  enablingBitsElement,
  issuedPrincipals,
  issuerElement,
  licenseBody,
  objectElement,
  publicKeyElement,
  securityLevelElements,
  type ObjectFields,
} from './elements.js'
import { oncePerDocument } from './once-per-document.js'
import { signDocument } from './signature.js'
import { issuedTimeElement, rangeElement, type TimeRange } from './times.js'

export interface Rac {
  readonly document: XrmlDocument
  readonly issuer: Principal
  /** OBJECT, public key and security levels of the account. */
  readonly account: Principal
  readonly validity: TimeRange
  /** The machine that holds the private key; none in a precertified certificate. */
  readonly machine: Principal | undefined
  /** The private key, sealed to the machine. */
  readonly enablingBits: EnablingBitsField | undefined
}

/** @throws MalformedXrml */
export const readRac = oncePerDocument((document): Rac => {
  const { issuer, issuedPrincipal: account, validity, federationPrincipal: machine } = document.body
  if (document.kind !== 'RAC') throw new MalformedXrml(`The document is a ${document.kind}, not a RAC`)
  if (issuer?.publicKey === undefined) throw new MalformedXrml('The RAC has no ISSUER with an RSA key')
  if (account?.object === undefined || account.publicKey === undefined)
    throw new MalformedXrml('The RAC names no account or no RSA key')
  if (account.object.type !== 'Group-Identity')
    throw new MalformedXrml(`The principal of the RAC is a ${account.object.type}, not a Group-Identity`)
  if (validity === undefined) throw new MalformedXrml('The RAC has no VALIDITYTIME')
  return { document, issuer, account, validity, machine, enablingBits: machine?.enablingBits }
})

export interface RacFields {
  readonly guid: string
  readonly issuedTime: Date
  readonly validity: TimeRange
  /** Principal of the SLC. */
  readonly issuer: Principal
  readonly certificationUrl: string
  readonly extranetCertificationUrl: string | undefined
  readonly account: ObjectFields
  readonly publicKey: RsaPublicKey
  readonly credentialType: 'Persistent' | 'Temporary'
  /** Left out in a precertified certificate. The seal is tied to the ISSUER element, see `racIssuerText`. */
  readonly machine?: { readonly principal: Principal; readonly privateKey: Sealed }
}

/** The ISSUER element as it will stand in the RAC: what the inner hash of the sealed private key covers. */
export function racIssuerText(issuer: Principal): Markup {
  return issuerElement(issuer)
}

export async function buildRac(fields: RacFields, signer: Signer, hash: HashName): Promise<string> {
  const body = licenseBody(
    issuedTimeElement(fields.issuedTime),
    rangeElement('VALIDITYTIME', fields.validity),
    descriptorElement({ type: 'Group-Identity-Credential', idType: 'MS-GUID', id: fields.guid }),
    racIssuerText(fields.issuer),
    distributionPointElement('Activation', fields.certificationUrl),
    distributionPointElement('Extranet-Activation', fields.extranetCertificationUrl),
    issuedPrincipals(
      objectElement(fields.account),
      publicKeyElement(fields.publicKey),
      securityLevelElements([
        { name: 'Group-Identity-Credential-Type', value: fields.credentialType },
        { name: 'Group-Identity-Type', value: 'Group' },
        { name: 'Group-Identity-Policy', value: 'Group-Identity-Credential' },
      ]),
    ),
    fields.machine === undefined
      ? undefined
      : federationPrincipals(fields.machine.principal, fields.machine.privateKey),
  )
  return signDocument(body, { signer, hash, surface: 'server' })
}

/** The machine's levels come in the server's own order, which is not the SPC's. */
const machineLevels = ['Manufacturer', 'Platform', 'Repository']

function federationPrincipals(machine: Principal, privateKey: Sealed): Markup {
  const levels = machineLevels.flatMap((name) => machine.securityLevels.filter((level) => level.name === name))
  const object = asMarkup(machine.object?.source ?? '')
  const principal = element('PRINCIPAL', {}, object, enablingBitsElement(privateKey), securityLevelElements(levels))
  return element('FEDERATIONPRINCIPALS', {}, principal)
}
