/** GetLicensorCertificate: the SLC chain ([MS-RMPR] 3.7.4.1). */
import { xmlNodes } from '../../soap/xml-node.js'
import { element, type Markup } from '../../xml/write.js'
import { describe, operation, type Call } from '../context.js'
import { requireInService } from '../standing.js'
import { walk } from '../steps.js'
import { serverService } from './messages.js'

export const getLicensorCertificate = operation(
  describe(serverService, 'GetLicensorCertificate'),
  walk<Call>().step('in service', requireInService).step('answer', answer),
)

function answer({ state }: Call): { answer: Markup } {
  const chain = xmlNodes(
    'CertificateChain',
    state.own.chain.map((document) => document.text),
  )
  return { answer: element('GetLicensorCertificateResult', {}, chain) }
}
