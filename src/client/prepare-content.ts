/** What online and offline publishing begin with: content key, rights data under it, key sealed to the server ([MS-RMPR] 2.2.9.7, 2.2.9.8). */
import { writeKeyBlob, type CipherMode, type SymmetricKey } from '../crypto/content-key.js'
import { publicKeyFromModulus } from '../crypto/keys.js'
import { seal } from '../crypto/seal.js'
import { newGuid } from '../effects.js'
import { child, childrenNamed, outerText } from '../xml/read.js'
import { asMarkup, element, type Markup } from '../xml/write.js'
import { MalformedXrml, type Principal, type RmsObject } from '../xrml/body.js'
import type { XrmlDocument } from '../xrml/document.js'
import { descriptorElement, objectElement, referralInfoElement } from '../xrml/elements.js'
import { plSealedTo, type PlFields } from '../xrml/pl.js'
import { buildRightsData, encryptRightsData } from '../xrml/rights-data.js'
import { canBeTold, descriptorName } from '../xrml/template.js'
import { verifyTemplate } from './acquire-templates.js'
import type { ClientContext } from './context.js'
import { isTemplateText } from './find-template.js'
import { modeOfKey } from './machine.js'
import { grantsOf, requireKnownRights, validityOf, type OwnRights, type RightsPolicy } from './rights-policy.js'

/** What is to be published, by whom and for which server. */
export interface Publication {
  /** The author: OBJECT of the RAC's account. */
  readonly owner: RmsObject
  /** The server that will license it: ISSUER of the CLC, or principal of the SLC. */
  readonly server: Principal
  /** Of that server, verified: a template must be signed by it. */
  readonly slcChain: readonly XrmlDocument[]
  readonly policy: RightsPolicy
  /** How the content will be encrypted. */
  readonly cipherMode?: CipherMode | undefined
  /** GUID; a new one unless told. */
  readonly contentId?: string | undefined
}

/** All of a PL but its signature. */
export interface PreparedContent {
  readonly fields: PlFields
  readonly contentKey: SymmetricKey
  readonly contentId: string
}

/** AES-128, as every genuine client makes it. */
const keyBytes = 16

/** @throws VerificationFailed for a template of another server, RangeError for rights that cannot be written */
export function prepareContent(
  { clock, random }: Pick<ClientContext, 'clock' | 'random'>,
  publication: Publication,
): PreparedContent {
  const { owner, server, slcChain, policy, cipherMode = 'CBC4K', contentId = newGuid(random) } = publication
  if (server.publicKey === undefined) throw new MalformedXrml('The server that is to license the content has no key')
  const recipient = publicKeyFromModulus(server.publicKey.modulus)
  const issuedTime = clock.now()
  const contentObject = objectElement({ idType: 'MS-GUID', id: contentId })
  // The ID stays empty: the owner is known by mail address
  const ownerObject = objectElement({ idType: owner.idType, id: '', name: owner.name })
  const metadata = element('METADATA', {}, element('OWNER', {}, ownerObject))
  const { rightsData, ...written } =
    'template' in policy
      ? fromTemplate(typeof policy.template === 'string' ? policy.template : policy.template.text, slcChain)
      : fromRights(policy, newGuid(random), issuedTime, contentObject, metadata)
  const contentKey: SymmetricKey = { key: random.bytes(keyBytes), cipherMode }
  const fields: PlFields = {
    ...written,
    issuedTime,
    server,
    enablingBits: seal(modeOfKey(recipient), recipient, writeKeyBlob(contentKey), plSealedTo(server), random),
    work: [contentObject, metadata],
    encryptedRightsData: encryptRightsData(rightsData, contentKey.key),
  }
  return { fields, contentKey, contentId }
}

interface Written extends Pick<PlFields, 'descriptor' | 'referralInfo' | 'validity'> {
  readonly rightsData: string
}

/** The template to the letter, declaration included; the PL shows its name by a copy of its DESCRIPTOR. */
function fromTemplate(text: string, slcChain: readonly XrmlDocument[]): Written {
  if (!isTemplateText(text))
    throw new RangeError(`"${text.slice(0, 100)}" is no template: give its text, or what findTemplate finds`)
  const { body } = verifyTemplate(text, slcChain).document
  const descriptor = child(body.element, 'DESCRIPTOR')
  const referral = childrenNamed(body.element, 'DISTRIBUTIONPOINT').find(
    (point) => child(point, 'OBJECT')?.attributes.type === 'Referral-Info',
  )
  return {
    rightsData: text,
    descriptor: descriptor === undefined ? undefined : asMarkup(outerText(descriptor)),
    referralInfo: referral === undefined ? undefined : asMarkup(outerText(referral)),
  }
}

const englishUnitedStates = 1033

function fromRights(
  policy: OwnRights,
  descriptorId: string,
  issuedTime: Date,
  contentObject: Markup,
  metadata: Markup,
): Written {
  const { rights, anyTime, referral, name, description = '', applicationData = [] } = policy
  const texts = policy.texts ?? (name === undefined ? [] : [{ lcid: englishUnitedStates, name, description }])
  requireKnownRights(policy)
  if (!canBeTold(texts))
    throw new RangeError(
      'A name or description has a mark that separates names (":DESCRIPTION ", "; LCID"): write it otherwise',
    )
  const validity = validityOf(policy, issuedTime)
  const referralInfo = referral === undefined ? undefined : referralInfoElement(referral)
  const descriptor =
    texts.length === 0
      ? undefined
      : descriptorElement({ idType: 'MS-GUID', id: descriptorId, name: descriptorName(texts) })
  return {
    rightsData: buildRightsData({
      issuedTime,
      referralInfo,
      contentObject,
      metadata,
      grants: grantsOf(rights, issuedTime, anyTime),
      applicationData,
    }),
    descriptor,
    referralInfo,
    ...(validity === undefined ? {} : { validity }),
  }
}
