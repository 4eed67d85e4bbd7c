/** GetClientLicensorCert: the certificate to publish offline with ([MS-RMPR] 3.5.4.2). */
import { readXmlNodesOf, xmlNodes } from '../soap/xml-node.js'
import { descend } from '../xml/read.js'
import { element } from '../xml/write.js'
import type { Account } from './account.js'
import { call, type ClientContext, type RmsCall } from './context.js'
import { openPublisher, type Publisher } from './publisher.js'
import { readChain } from './verify.js'

/**
 * @param licensingUrl such as `http://rms/_wmcs/licensing`
 * @throws SoapFault, CallFailed, VerificationFailed
 */
export async function getClientLicensorCert(
  context: ClientContext,
  licensingUrl: string,
  account: Account,
): Promise<Publisher> {
  const asked = getClientLicensorCertCall(licensingUrl, account)
  const answer = await call(context, asked)
  const what = `CLC from ${asked.url}`
  const result = descend(answer, 'GetClientLicensorCertResult', 'GetClientLicensorCertResponse')
  const documents = readChain(readXmlNodesOf(result, 'CertificateChain'), 'CLC', what)
  return openPublisher(documents, account, context.trustRoots, what)
}

/** The request alone. */
export function getClientLicensorCertCall(licensingUrl: string, account: Account): RmsCall {
  const certificates = xmlNodes(
    'PersonaCerts',
    account.chain.map((document) => document.text),
  )
  return {
    url: `${licensingUrl}/publish.asmx`,
    service: 'publishing',
    operation: 'GetClientLicensorCert',
    content: [element('RequestParams', {}, element('GetClientLicensorCertParams', {}, certificates))],
  }
}
