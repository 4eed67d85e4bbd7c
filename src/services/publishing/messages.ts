/** Messages of publishing ([MS-RMPR] 3.5, 6.4). */
import { arrayOf, arrayOfXmlNode, optional, sequence, xrml } from '../../soap/schema.js'
import type { ServiceDescription } from '../../soap/schema.js'

export const publishingNamespace = 'http://microsoft.com/DRM/PublishingService'

const acquireIssuanceLicenseParams = sequence('AcquireIssuanceLicenseParams', optional('UnsignedIssuanceLicense', xrml))
const acquireIssuanceLicenseResponse = sequence(
  'AcquireIssuanceLicenseResponse',
  optional('CertificateChain', arrayOfXmlNode),
)
const getClientLicensorCertParams = sequence('GetClientLicensorCertParams', optional('PersonaCerts', arrayOfXmlNode))
const getClientLicensorCertResponse = sequence(
  'GetClientLicensorCertResponse',
  optional('CertificateChain', arrayOfXmlNode),
)

export const publishingService: ServiceDescription = {
  name: 'Publish',
  namespace: publishingNamespace,
  operations: [
    {
      name: 'AcquireIssuanceLicense',
      about: 'Signs a publishing license online.',
      request: [optional('RequestParams', arrayOf(acquireIssuanceLicenseParams))],
      response: [optional('AcquireIssuanceLicenseResult', arrayOf(acquireIssuanceLicenseResponse))],
      versionData: true,
    },
    {
      name: 'GetClientLicensorCert',
      about: 'Issues a client licensor certificate (CLC), which lets the holder of a RAC publish offline.',
      request: [optional('RequestParams', arrayOf(getClientLicensorCertParams))],
      response: [optional('GetClientLicensorCertResult', arrayOf(getClientLicensorCertResponse))],
      versionData: true,
    },
  ],
}
