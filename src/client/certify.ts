/** Certify: the user's account certificate for this machine ([MS-RMPR] 3.3.4.1). */
import { xmlNodes, readXmlNodesOf } from '../soap/xml-node.js'
import { descend } from '../xml/read.js'
import { element, text } from '../xml/write.js'
import { openAccount, type Account } from './account.js'
import { call, type ClientContext, type RmsCall } from './context.js'
import type { Machine } from './machine.js'
import { readChain } from './verify.js'

/**
 * @param certificationUrl such as `http://rms/_wmcs/certification`
 * @param persistent false asks for the short-lived certificate of a borrowed machine
 * @throws SoapFault, CallFailed, VerificationFailed
 */
export async function certify(
  context: ClientContext,
  certificationUrl: string,
  machine: Machine,
  persistent = true,
): Promise<Account> {
  const asked = certifyCall(certificationUrl, machine, persistent)
  const answer = await call(context, asked)
  const what = `RAC from ${asked.url}`
  const documents = readChain(readXmlNodesOf(descend(answer, 'CertifyResult'), 'CertificateChain'), 'RAC', what)
  return openAccount(documents, machine, context.trustRoots, what)
}

/** The request alone. */
export function certifyCall(certificationUrl: string, machine: Machine, persistent: boolean): RmsCall {
  const chain = xmlNodes(
    'MachineCertificateChain',
    machine.chain.map((document) => document.text),
  )
  return {
    url: `${certificationUrl}/certification.asmx`,
    service: 'certification',
    operation: 'Certify',
    content: [element('requestParams', {}, chain, element('Persistent', {}, text(persistent)))],
  }
}
