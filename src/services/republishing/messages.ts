/** Messages of republishing ([MS-RMSI] 3.4, 6.3). */
import { arrayOf, arrayOfXmlNode, optional, sequence, xrml } from '../../soap/schema.js'
import type { ServiceDescription } from '../../soap/schema.js'

export const republishingNamespace = 'http://microsoft.com/DRM/EditIssuanceLicenseService'

const editIssuanceLicenseParams = sequence(
  'EditIssuanceLicenseParams',
  optional('SignedIssuanceLicense', xrml),
  optional('UnsignedIssuanceLicense', xrml),
)
const editIssuanceLicenseResponse = sequence(
  'EditIssuanceLicenseResponse',
  optional('CertificateChain', arrayOfXmlNode),
)

export const republishingService: ServiceDescription = {
  name: 'Republish',
  namespace: republishingNamespace,
  operations: [
    {
      name: 'EditIssuanceLicense',
      about: 'Replaces the rights of protected content without changing its content key.',
      request: [optional('RequestParams', arrayOf(editIssuanceLicenseParams))],
      response: [optional('EditIssuanceLicenseResult', arrayOf(editIssuanceLicenseResponse))],
      versionData: true,
    },
  ],
}
