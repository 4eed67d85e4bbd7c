/** AcquireIssuanceLicense: signs a PL online ([MS-RMPR] 3.5.4.1). */
import { refuse } from '../../exceptions.js'
import { encryptRightsData, rightsDataWithPolicyLists } from '../../xrml/rights-data.js'
import { xmlNodes } from '../../soap/xml-node.js'
import { child, childrenNamed, type XmlElement } from '../../xml/read.js'
import { element, type Markup } from '../../xml/write.js'
import { describe, operation, type Call } from '../context.js'
import type { GoodPl, OpenPl } from '../licensing/publishing-license.js'
import { requireInService } from '../standing.js'
import { walk } from '../steps.js'
import { publishingService } from './messages.js'
import { signPublishingLicense } from './sign-license.js'
import { openUnsignedPl, readUnsignedPl, requireOnlinePublishing, requireOwnUnsignedPl } from './unsigned-license.js'

export const acquireIssuanceLicense = operation(
  describe(publishingService, 'AcquireIssuanceLicense'),
  walk<Call>()
    .step('parse', parse)
    .step('in service', requireInService)
    .step('online publishing', requireOnlinePublishing)
    .step('read PL', ({ holder }) => ({ unsigned: readUnsignedPl(holder) }))
    .step('match server', ({ unsigned, state }) => requireOwnUnsignedPl(unsigned, state))
    .step('open PL', (known: Call & GoodPl) => openUnsignedPl(known, known.state))
    .step('build and sign', sign)
    .step('answer', answer),
)

function parse({ request }: Call): { holder: XmlElement } {
  const all = childrenNamed(child(request, 'RequestParams'), 'AcquireIssuanceLicenseParams')
  const [params] = all
  if (params === undefined) return refuse('ArgumentNull', 'RequestParams has no AcquireIssuanceLicenseParams')
  if (all.length > 1)
    return refuse('UnspecifiedError', `there are ${all.length} AcquireIssuanceLicenseParams, one is taken`)
  const holder = child(params, 'UnsignedIssuanceLicense')
  return holder === undefined ? refuse('ArgumentNull', 'UnsignedIssuanceLicense is missing') : { holder }
}

/** Policy lists that an unsigned PL carries in clear go into the encrypted rights data ([MS-RMPR] 2.2.9.7, 2.2.9.8). */
async function sign(known: Call & GoodPl & OpenPl): Promise<{ pl: GoodPl['pl']; signed: string }> {
  const { pl, contentKey, keyBlob, rightsData, rightsDataText, notes } = known
  const moved =
    pl.policyLists.length === 0 || rightsData.official
      ? rightsDataText
      : rightsDataWithPolicyLists(rightsDataText, pl.policyLists)
  const encryptedRightsData = moved === rightsDataText ? pl.encryptedRightsData : encryptRightsData(moved, contentKey)
  const signed = await signPublishingLicense(known, { keyBlob, encryptedRightsData }, known)
  notes.issued.push(signed)
  notes.metadata.content = pl.contentId?.id ?? ''
  return { pl, signed }
}

function answer({ signed, state }: Call & { signed: string }): { answer: Markup } {
  const chain = xmlNodes('CertificateChain', [signed, ...state.issuing.chain.map((document) => document.text)])
  return { answer: element('AcquireIssuanceLicenseResult', {}, element('AcquireIssuanceLicenseResponse', {}, chain)) }
}
