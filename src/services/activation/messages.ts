/** Messages of the activation proxy ([MS-RMPR] 3.2, 6.1): RMS 1.0 clients only, discontinued by Microsoft. */
import { anyXml, arrayOf, arrayOfXmlNode, optional, repeated, sequence, xrml } from '../../soap/schema.js'
import type { ServiceDescription } from '../../soap/schema.js'

export const activationNamespace = 'http://microsoft.com/DRM/ActivationService'

const activateParams = sequence('ActivateParams', optional('HidXml', anyXml))

// Unlike in other arrays the entries are not nillable. The order is that of the WSDL; the text of 3.2.4.1.3.2 has the reverse.
const activateResponse = sequence(
  'ActivateResponse',
  optional('MachineCertificateChain', arrayOfXmlNode),
  optional('BinarySignature', xrml),
)
const arrayOfActivateResponse = sequence('ArrayOfActivateResponse', repeated('ActivateResponse', activateResponse))

export const activationService: ServiceDescription = {
  name: 'ActivationProxyWebService',
  namespace: activationNamespace,
  operations: [
    {
      name: 'Activate',
      about: 'Once gave a machine its certificate. Machines of RMS 1.0 SP1 and later activate themselves.',
      request: [optional('requestParams', arrayOf(activateParams))],
      response: [optional('ActivateResult', arrayOfActivateResponse)],
      versionData: true,
    },
  ],
}
