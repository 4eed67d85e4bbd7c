/** Messages of sub-enrollment ([MS-RMPRS] 3.3, 6.2): how a licensing-only server of RMS 1.x gets its SLC from the root. */
import { arrayOfString, optional, required, sequence } from '../../soap/schema.js'
import type { ServiceDescription } from '../../soap/schema.js'

export const subEnrollmentNamespace = 'http://microsoft.com/DRM/SubEnrollmentService'

const certificatePublicKey = sequence(
  'EnrolleeCertificatePublicKey',
  optional('aPublicKeyBytes', 'base64Binary', 'MIIBCgKCAQEA'),
  required('Guid', 'guid'),
)

const enrolleeInformation = sequence(
  'EnrolleeServerInformation',
  optional('SKU', 'string', 'RMS 2.0'),
  optional('Version', 'string', '6.3.0.0'),
  optional('Name', 'string', 'licensing'),
  optional('URL', 'string', 'http://licensing.contoso.test/_wmcs'),
)

const parameters = sequence(
  'SubEnrollParameters',
  required('CertificatePublicKey', certificatePublicKey),
  required('EnrolleeInformation', enrolleeInformation),
)

const response = sequence('SubEnrollResponse', optional('LicensorCertificateChain', arrayOfString))

export const subEnrollService: ServiceDescription = {
  name: 'SubEnrollService',
  namespace: subEnrollmentNamespace,
  operations: [
    {
      name: 'SubEnroll',
      about: 'Issues a server licensor certificate to a licensing-only server of the forest.',
      documentation: 'SubEnrollment Entry Point',
      request: [required('oInput', parameters)],
      response: [required('SubEnrollResult', response)],
      versionData: true,
    },
  ],
}
