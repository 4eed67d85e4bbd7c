/** Precertify: the public part of somebody's account certificate, to acquire a license in their place ([MS-RMSI] 3.3.4.1). */
import { readXmlNode } from '../soap/xml-node.js'
import { descend } from '../xml/read.js'
import { element, text } from '../xml/write.js'
import type { XrmlDocument } from '../xrml/document.js'
import { readRac } from '../xrml/rac.js'
import { call, type ClientContext } from './context.js'
import { getLicensorCertificate } from './discover.js'
import { readable, readChain, verifyIssuedBy, VerificationFailed } from './verify.js'

/**
 * @param certificationUrl such as `http://rms/_wmcs/certification`
 * @returns a RAC without private key, and the SLC chain of its server, as a licensee for `acquireLicense`
 * @throws SoapFault, CallFailed, VerificationFailed
 */
export async function precertify(
  context: ClientContext,
  certificationUrl: string,
  mail: string,
): Promise<readonly XrmlDocument[]> {
  const url = `${certificationUrl}/Precertification.asmx`
  const answer = await call(context, {
    url,
    service: 'certification',
    operation: 'Precertify',
    content: [element('requestParams', {}, element('PrecertifyParams', {}, element('UserName', {}, text(mail))))],
  })
  const what = `precertified RAC from ${url}`
  const written = readXmlNode(descend(answer, 'PrecertifyResult', 'PrecertifyResponse', 'Certificate'))
  const [leaf] = readChain(written === undefined ? [] : [written], 'RAC', what)
  // The certificate comes without its chain
  const slcChain = await getLicensorCertificate(context, certificationUrl)
  const verified = verifyIssuedBy(slcChain, leaf as XrmlDocument, what)
  if (readable(what, () => readRac(verified)).machine !== undefined)
    throw new VerificationFailed(what, 'it is bound to a machine')
  return [verified, ...slcChain]
}
