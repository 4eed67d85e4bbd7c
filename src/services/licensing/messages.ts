/** Messages of licensing ([MS-RMPR] 3.4.4.1, 6.3) and prelicensing ([MS-RMSI] 3.5, 6.4): one port type, one address. */
import { anyXml, arrayOf, arrayOfString, arrayOfXmlNode, optional, sequence } from '../../soap/schema.js'
import type { ServiceDescription } from '../../soap/schema.js'

export const licensingNamespace = 'http://microsoft.com/DRM/LicensingService'

const acquireLicenseParams = sequence(
  'AcquireLicenseParams',
  optional('LicenseeCerts', arrayOfXmlNode),
  optional('IssuanceLicense', arrayOfXmlNode),
  optional('ApplicationData', anyXml),
)

const acquireLicenseResponse = sequence(
  'AcquireLicenseResponse',
  optional('CertificateChain', arrayOfXmlNode),
  optional('ReferenceCertificates', arrayOfXmlNode),
)

const acquirePreLicenseParams = sequence(
  'AcquirePreLicenseParams',
  optional('LicenseeIdentities', arrayOfString),
  optional('IssuanceLicense', arrayOfXmlNode),
  optional('ApplicationData', anyXml),
)

const acquirePreLicenseResponse = sequence(
  'AcquirePreLicenseResponse',
  optional('Licenses', arrayOfXmlNode),
  optional('CertificateChain', arrayOfXmlNode),
  optional('ReferenceCertificates', arrayOfXmlNode),
)

export const licensingService: ServiceDescription = {
  name: 'License',
  namespace: licensingNamespace,
  operations: [
    {
      name: 'AcquireLicense',
      about: 'Issues a use license for protected content to the holder of a rights account certificate.',
      request: [optional('RequestParams', arrayOf(acquireLicenseParams))],
      response: [optional('AcquireLicenseResult', arrayOf(acquireLicenseResponse))],
      versionData: true,
    },
    {
      name: 'AcquirePreLicense',
      about: 'Issues use licenses for protected content to a list of people by mail address, before they ask.',
      request: [optional('RequestParams', arrayOf(acquirePreLicenseParams))],
      response: [optional('AcquirePreLicenseResult', arrayOf(acquirePreLicenseResponse))],
      versionData: true,
    },
  ],
}
