/** EditIssuanceLicense: new rights for protected content, whose key stays ([MS-RMSI] 3.4.4.1). */
import { readXmlNodesOf, xmlNode } from '../soap/xml-node.js'
import { descend } from '../xml/read.js'
import { element } from '../xml/write.js'
import type { XrmlDocument } from '../xrml/document.js'
import { buildUnsignedPl, readPl } from '../xrml/pl.js'
import { checkSameContent, serverOf } from './acquire-issuance-license.js'
import { call, type ClientContext } from './context.js'
import type { LicensingServer } from './discover.js'
import { prepareContent } from './prepare-content.js'
import type { RightsPolicy } from './rights-policy.js'
import { readable, readChain, verifyIssuedBy, VerificationFailed } from './verify.js'

/**
 * @param signed chain of the PL to be replaced, leaf first; its author must have allowed it (`Allow_Server_Editing`). The specification
 *   has the leaf alone sent, but nobody can check a PL that was signed offline without its CLC: that goes with it
 * @returns the new PL. Owner and content id are those of the old one; the key is known to the server and to licensees only
 * @throws SoapFault, CallFailed, VerificationFailed, RangeError for rights that cannot be written
 */
export async function editIssuanceLicense(
  context: ClientContext,
  { licensingUrl, slcChain }: LicensingServer,
  signed: readonly XrmlDocument[],
  policy: RightsPolicy,
): Promise<XrmlDocument> {
  const url = `${licensingUrl}/editissuancelicense.asmx`
  const what = `PL from ${url}`
  const [leaf] = signed
  if (leaf === undefined) throw new VerificationFailed('PL', 'the chain is empty')
  const { owner, contentId } = readable('PL', () => readPl(leaf))
  if (owner === undefined) throw new VerificationFailed('PL', 'it names no owner')
  const { fields } = prepareContent(context, {
    owner,
    server: serverOf(slcChain),
    slcChain,
    policy,
    contentId: contentId?.id,
  })
  const unsigned = buildUnsignedPl(fields)
  const parameters = element(
    'EditIssuanceLicenseParams',
    {},
    element(
      'SignedIssuanceLicense',
      {},
      signed.map((document) => xmlNode(document.text)),
    ),
    element('UnsignedIssuanceLicense', {}, xmlNode(unsigned)),
  )
  const answer = await call(context, {
    url,
    service: 'republishing',
    operation: 'EditIssuanceLicense',
    content: [element('RequestParams', {}, parameters)],
  })
  const result = descend(answer, 'EditIssuanceLicenseResult', 'EditIssuanceLicenseResponse')
  const [answered] = readChain(readXmlNodesOf(result, 'CertificateChain'), 'PL', what)
  const edited = verifyIssuedBy(slcChain, answered as XrmlDocument, what)
  checkSameContent(edited, unsigned, what)
  return edited
}
