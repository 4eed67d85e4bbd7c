/** AcquirePreLicense: use licenses for a list of people before they ask, as mail servers do ([MS-RMSI] 3.5.4.1). */
import { readXmlNode, readXmlNodesOf, xmlNodes } from '../soap/xml-node.js'
import { child, childrenNamed, descend } from '../xml/read.js'
import { element } from '../xml/write.js'
import type { XrmlDocument } from '../xrml/document.js'
import { contentIdOf, readRefusal, type LicenseResult } from './acquire-license.js'
import { arrayOfString } from './array-of-string.js'
import { call, type ClientContext } from './context.js'
import { verifyLicense } from './license.js'
import { readChain, VerificationFailed } from './verify.js'

/**
 * @param pl chain, leaf first; the leaf alone is sent, as the specification has it, unless the CLC stands behind it
 * @param mails of the people
 * @returns one result for each address, in their order
 * @throws SoapFault, CallFailed for the request as a whole
 */
export async function acquirePreLicense(
  context: ClientContext,
  licensingUrl: string,
  pl: readonly XrmlDocument[],
  mails: readonly string[],
): Promise<readonly LicenseResult[]> {
  const url = `${licensingUrl}/license.asmx`
  const parameters = element(
    'AcquirePreLicenseParams',
    {},
    arrayOfString('LicenseeIdentities', mails),
    xmlNodes(
      'IssuanceLicense',
      pl.map((document) => document.text),
    ),
    element('ApplicationData'),
  )
  const answer = await call(context, {
    url,
    service: 'licensing',
    operation: 'AcquirePreLicense',
    content: [element('RequestParams', {}, parameters)],
  })
  const response = descend(answer, 'AcquirePreLicenseResult', 'AcquirePreLicenseResponse')
  const licenses = childrenNamed(child(response, 'Licenses'), 'Certificate')
  const above = readXmlNodesOf(response, 'CertificateChain')
  const contentId = contentIdOf(pl)
  return mails.map((mail, index) => {
    const what = `UL for ${mail} from ${url}`
    const refused = readRefusal(licenses[index])
    if (refused !== undefined) return { error: refused }
    try {
      const leaf = readXmlNode(licenses[index])
      const documents = readChain(leaf === undefined ? [] : [leaf, ...above], 'UL', what)
      return { license: verifyLicense(documents, { contentId }, context.trustRoots, what) }
    } catch (error) {
      if (error instanceof VerificationFailed) return { error }
      throw error
    }
  })
}
