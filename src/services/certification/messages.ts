/** Messages of certification ([MS-RMPR] 3.3, 6.2) and precertification ([MS-RMSI] 3.3, 6.2), which share a namespace. */
import {
  arrayOf,
  arrayOfString,
  arrayOfXmlNode,
  enumeration,
  optional,
  repeated,
  required,
  sequence,
  xrml,
} from '../../soap/schema.js'
import type { ServiceDescription } from '../../soap/schema.js'

export const certificationNamespace = 'http://microsoft.com/DRM/CertificationService'

const certifyParams = sequence(
  'CertifyParams',
  optional('MachineCertificateChain', arrayOfXmlNode),
  required('Persistent', 'boolean'),
)

const quotaResponse = sequence(
  'QuotaResponse',
  required('Verified', 'boolean'),
  required('CurrentConsumption', 'int', '5'),
  required('Maximum', 'int', '10'),
)

const certifyResponse = sequence(
  'CertifyResponse',
  optional('CertificateChain', arrayOfXmlNode),
  optional('Quota', quotaResponse),
)

/** On certification.asmx, ServerCertification.asmx and the mobile certification addresses. */
export const certificationService: ServiceDescription = {
  name: 'CertificationWebService',
  namespace: certificationNamespace,
  operations: [
    {
      name: 'Certify',
      about:
        'Issues a rights account certificate (RAC) to the signed-in user, bound to the machine whose chain is sent.',
      request: [optional('requestParams', certifyParams)],
      response: [optional('CertifyResult', certifyResponse)],
      versionData: true,
    },
  ],
}

/** The WSDL has Windows only; the SDK's Federation never made it into the schema. */
export const authenticationModes = ['Windows'] as const

const identification = sequence(
  'Identification',
  required('AuthenticationMode', enumeration('AuthenticationMode', authenticationModes)),
  optional('Id', 'string', 'S-1-5-21-1-2-3-1001'),
  optional('Email', 'string', 'alice@contoso.test'),
  optional('ProxyAddresses', arrayOfString),
)

const precertifyParams = sequence(
  'PrecertifyParams',
  optional('UserName', 'string', 'alice@contoso.test'),
  optional('Identification', identification),
)

const precertifyResponse = sequence('PrecertifyResponse', optional('Certificate', xrml))
const arrayOfPrecertifyResponse = sequence(
  'ArrayOfPrecertifyResponse',
  repeated('PrecertifyResponse', precertifyResponse),
)

/** On Precertification.asmx. */
export const precertificationService: ServiceDescription = {
  name: 'PrecertificationWebService',
  namespace: certificationNamespace,
  operations: [
    {
      name: 'Precertify',
      about:
        "Gives the public part of a user's rights account certificate, so that a license can be acquired for that user.",
      request: [optional('requestParams', arrayOf(precertifyParams))],
      response: [optional('PrecertifyResult', arrayOfPrecertifyResponse)],
      versionData: true,
    },
  ],
}
