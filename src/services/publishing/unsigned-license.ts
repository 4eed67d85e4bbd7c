/** An unsigned PL as online publishing and republishing take it: read, matched to a server, opened ([MS-RMPR] 3.5.4.1, [MS-RMSI] 3.4.4.1). */
import type { ServerState } from '../../cluster/server-state.js'
import { refuse } from '../../exceptions.js'
import { readXmlNode } from '../../soap/xml-node.js'
import type { XmlElement } from '../../xml/read.js'
import { checkSignature } from '../../xrml/signature.js'
import { readPl, type Pl } from '../../xrml/pl.js'
import type { RightsData } from '../../xrml/rights-data.js'
import { currentTemplate } from '../licensing/issue-license.js'
import {
  licensorOf,
  openContentKey,
  openRightsData,
  type GoodPl,
  type OpenPl,
  type SealExceptions,
} from '../licensing/publishing-license.js'
import { publishingLicenseLimits, readCertificate, reading } from '../read-documents.js'
import { madeForUs, signedBy, unchangedTemplate } from '../refusal-facts.js'

/** DES and a wrong hash have exceptions of their own in publishing. */
export const publishingSealExceptions: SealExceptions = {
  hash: 'EnablingBitsHashDoesNotMatch',
  des: 'CryptoUnsupportedSymKey',
  other: 'UnspecifiedError',
}

/**
 * The document in an element of mixed content. Line ends are made LF before it is signed: a parser on the way would do so, and break
 * the signature.
 */
export function readUnsignedPl(holder: XmlElement | undefined): Pl {
  const source = readXmlNode(holder)
  if (source === undefined)
    return refuse('ArgumentNull', `${holder?.name ?? 'The unsigned license'} is missing or empty`)
  const document = readCertificate(source.replaceAll(/\r\n?/g, '\n'), publishingLicenseLimits.bytes, 'UnspecifiedError')
  return reading('UnspecifiedError', () => readPl(document))
}

/** @throws RmsException when online publishing is off, or the PL was made for another server */
export function requireOwnUnsignedPl(pl: Pl, state: ServerState): GoodPl {
  const licensor = licensorOf(pl, state)
  if (licensor !== undefined) return { pl, licensor }
  return refuse(
    'UnsignedIssuanceLicenseNoMatchingIssuedPrincipal',
    `the PL was made for ${pl.server.object?.id}, which is neither this cluster nor a trusted one`,
    madeForUs(pl, state),
  )
}

export function requireOnlinePublishing({ state }: { readonly state: ServerState }): void {
  if (!state.configuration.onlinePublishingEnabled)
    refuse('OnlinePublishingDisabled', 'onlinePublishingEnabled is false', {
      rule: 'online publishing is switched on',
      wanted: 'onlinePublishingEnabled true',
      found: 'onlinePublishingEnabled false',
    })
}

/** The content key and the policy; a template inside must be signed by the server whose key opens the PL. */
export async function openUnsignedPl(good: GoodPl, state: ServerState): Promise<OpenPl> {
  const { contentKey, keyBlob } = await openContentKey(good, publishingSealExceptions)
  const { rightsData, rightsDataText } = openRightsData(good.pl, contentKey, 'UnspecifiedError')
  requireGoodTemplate(rightsData, good, state)
  return { contentKey, keyBlob, rightsData, rightsDataText }
}

function requireGoodTemplate(rightsData: RightsData, { licensor }: GoodPl, state: ServerState): void {
  const { official, document } = rightsData
  if (!official) return
  const check = checkSignature(document)
  const why = check.signature.why ?? 'the digest of the template is not that of its BODY'
  if (!check.ok) refuse('InvalidOfficialRightsTemplate', why, unchangedTemplate(why, rightsData))
  const { issuer } = document.body
  if (issuer?.publicKey?.modulus !== licensor.principal.publicKey?.modulus)
    refuse('InvalidOfficialRightsTemplate', 'the template was signed by another server', signedBy(licensor, issuer))
  currentTemplate(licensor.templates, rightsData, state)
}
