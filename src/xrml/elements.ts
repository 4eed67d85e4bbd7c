/** Writing of the elements that all XrML documents of RMS share, in the surface of the genuine servers ([MS-RMPR] 2.2.9.1). */
import type { RsaPublicKey } from '../crypto/keys.js'
import { publicExponent } from '../crypto/keys.js'
import type { Sealed } from '../crypto/seal.js'
import { asMarkup, element, joined, text, type Markup } from '../xml/write.js'
import { MalformedXrml, type Principal, type SecurityLevel } from './body.js'
import { base64Value } from './signature.js'
import { rangeElement, type TimeRange } from './times.js'

export interface ObjectFields {
  readonly type?: string | undefined
  readonly idType: string
  readonly id: string
  readonly name?: string | undefined
  readonly addresses?: readonly { readonly type: string; readonly value: string }[]
}

export function objectElement({ type, idType, id, name, addresses = [] }: ObjectFields): Markup {
  return element(
    'OBJECT',
    { type },
    element('ID', { type: idType }, text(id)),
    name === undefined ? undefined : element('NAME', {}, text(name)),
    addresses.map((address) => element('ADDRESS', { type: address.type }, text(address.value))),
  )
}

export function publicKeyElement({ modulus, bits }: Pick<RsaPublicKey, 'modulus' | 'bits'>): Markup {
  return element(
    'PUBLICKEY',
    {},
    element('ALGORITHM', {}, text('RSA')),
    element(
      'PARAMETER',
      { name: 'public-exponent' },
      element('VALUE', { encoding: 'integer32' }, text(publicExponent)),
    ),
    element('PARAMETER', { name: 'modulus' }, element('VALUE', { encoding: 'base64', size: bits }, text(modulus))),
  )
}

export function securityLevelElements(levels: readonly SecurityLevel[]): Markup {
  return joined(levels.map(({ name, value }) => element('SECURITYLEVEL', { name, value })))
}

export function enablingBitsElement({ type, bytes }: Sealed): Markup {
  return element('ENABLINGBITS', { type }, base64Value(bytes))
}

export function descriptorElement(object: ObjectFields): Markup {
  return element('DESCRIPTOR', {}, objectElement(object))
}

/** ISSUER repeats the principal of the parent certificate: its OBJECT, PUBLICKEY and, where told, SECURITYLEVELs. */
export function issuerElement(parent: Principal, { withSecurityLevels = true } = {}): Markup {
  return element(
    'ISSUER',
    {},
    verbatimIdentity(parent),
    withSecurityLevels ? securityLevelElements(parent.securityLevels) : undefined,
  )
}

/** OBJECT and PUBLICKEY of a principal, copied to the letter. */
export function verbatimIdentity(principal: Principal): Markup {
  if (principal.object === undefined || principal.publicKey === undefined)
    throw new MalformedXrml('A principal needs an OBJECT and a PUBLICKEY')
  return asMarkup(principal.object.source + principal.publicKey.source)
}

export function issuedPrincipals(...content: readonly (Markup | undefined)[]): Markup {
  return element('ISSUEDPRINCIPALS', {}, element('PRINCIPAL', { 'internal-id': 1 }, content))
}

/** The WORK of a certificate that may issue others: RIGHT ISSUE, its time range and, in a CLC, the sealed private key. */
export function issueWork(object: ObjectFields, range: TimeRange, enablingBits?: Sealed): Markup {
  const principal = element(
    'PRINCIPAL',
    { 'internal-id': 1 },
    enablingBits === undefined ? undefined : enablingBitsElement(enablingBits),
  )
  const conditions = element(
    'CONDITIONLIST',
    {},
    element('TIME', {}, rangeElement('RANGETIME', range)),
    element('ACCESS', {}, principal),
  )
  return element(
    'WORK',
    {},
    objectElement(object),
    element(
      'RIGHTSGROUP',
      { name: 'Main-Rights' },
      element('RIGHTSLIST', {}, element('RIGHT', { name: 'ISSUE' }, conditions)),
    ),
  )
}

/** [MS-RMPR] 2.2.9.1.4 and the GUIDs of its product notes 13, 16, 21, 22. */
const distributionPoints = {
  Activation: ['{8BA9EA80-99E4-4a2b-9764-4CD84F77C3A0}', 'Microsoft Identity Certification Server'],
  'Extranet-Activation': ['{8BA9EA80-99E4-4a2b-9764-4CD84F77C3A0}', 'Microsoft Identity Certification Server'],
  'License-Acquisition-URL': ['{0F45FD50-383B-43EE-90A4-ED013CD0CFE5}', 'DRM Server Cluster'],
  'Extranet-License-Acquisition-URL': ['{94BF969A-CA04-44d6-AA96-51071281FEF2}', 'DRM Server Cluster'],
  'Publishing-URL': ['{9A23D98E-4449-4ba5-812A-F30808F3CB16}', 'Publishing Point'],
} as const

/** One DISTRIBUTIONPOINT; nothing when there is no URL. */
export function distributionPointElement(
  type: keyof typeof distributionPoints,
  url: string | undefined,
): Markup | undefined {
  if (url === undefined) return undefined
  const [id, name] = distributionPoints[type]
  return element(
    'DISTRIBUTIONPOINT',
    {},
    objectElement({ type, idType: 'MS-GUID', id, name, addresses: [{ type: 'URL', value: url }] }),
  )
}

/** Licenses and templates name Referral-Info by different GUIDs. */
const referralIds = {
  license: '{81C42010-208A-458A-BAB6-C3C60F06DD5F}',
  template: '{D5BA4021-27D6-42C0-A322-4064E2F91AB0}',
} as const

/** Who can be asked for more rights; a mail address or URL. */
export function referralInfoElement(
  address: string,
  name?: string,
  kind: keyof typeof referralIds = 'license',
): Markup {
  const id = referralIds[kind]
  const addresses = [{ type: 'URL', value: address }]
  return element(
    'DISTRIBUTIONPOINT',
    {},
    objectElement({ type: 'Referral-Info', idType: 'MS-GUID', id, name, addresses }),
  )
}

/** The BODY of a certificate or use license. */
export function licenseBody(...content: readonly (Markup | undefined)[]): Markup {
  return element('BODY', { type: 'LICENSE', version: '3.0' }, content)
}
