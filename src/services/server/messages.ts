/**
 * Messages of the server service ([MS-RMPR] 3.7, 6.5; FindServiceLocations: [MS-RMPRS] 3.2, 6.1). The whole port type is on every
 * server.asmx and ServiceLocator.asmx: the WSDL has it in one piece, whichever address the text gives to an operation.
 */
import { anyXml, arrayOf, arrayOfXmlNode, enumeration, optional, required, sequence } from '../../soap/schema.js'
import type { ServiceDescription } from '../../soap/schema.js'

export const serverNamespace = 'http://microsoft.com/DRM/ServerService'

/** The last two are in the text and in [MS-RMPRS] but not in the WSDL of [MS-RMPR]; clients since Windows XP SP2 ask for them. */
export const serviceTypes = [
  'EnrollmentService',
  'LicensingService',
  'PublishingService',
  'CertificationService',
  'ActivationService',
  'PrecertificationService',
  'ServerService',
  'DrmRemoteDirectoryServices',
  'GroupExpansionService',
  'LicensingInternalService',
  'CertificationInternalService',
] as const
export type ServiceType = (typeof serviceTypes)[number]

export const serverInfoTypes = [
  'VersionInfo',
  'ServerFeatureInfo',
  'ServerLicensorCertificate',
  'ServiceLocations',
] as const
export type ServerInfoType = (typeof serverInfoTypes)[number]

const serviceType = enumeration('ServiceType', serviceTypes)
const serviceLocationRequests = arrayOf(
  sequence('ServiceLocationRequest', required('Type', serviceType, 'CertificationInternalService')),
)
const serviceLocationResponses = arrayOf(
  sequence(
    'ServiceLocationResponse',
    optional('URL', 'string', 'http://rms.contoso.test/_wmcs/certification'),
    required('Type', serviceType, 'CertificationInternalService'),
  ),
)

const licensorCertChain = sequence('LicensorCertChain', optional('CertificateChain', arrayOfXmlNode))

const serverInfoRequest = sequence(
  'ServerInfoRequest',
  required('Type', enumeration('ServerInfoType', serverInfoTypes)),
  optional('AdditionalInfo', 'string', ''),
)

export const serverService: ServiceDescription = {
  name: 'Server',
  namespace: serverNamespace,
  operations: [
    {
      name: 'GetLicensorCertificate',
      about: 'Gives the server licensor certificate (SLC) chain of this cluster.',
      request: [],
      response: [optional('GetLicensorCertificateResult', licensorCertChain)],
      versionData: true,
    },
    {
      name: 'FindServiceLocationsForUser',
      about: 'Tells where the signed-in user finds a service.',
      request: [optional('ServiceNames', serviceLocationRequests)],
      response: [optional('FindServiceLocationsForUserResult', serviceLocationResponses)],
      versionData: true,
    },
    {
      name: 'GetServerInfo',
      about: 'Tells version, features, certificate chain and service locations of this cluster.',
      request: [optional('requests', arrayOf(serverInfoRequest))],
      response: [optional('GetServerInfoResult', anyXml)],
      versionData: false,
    },
    {
      name: 'FindServiceLocations',
      about: 'Tells another server where a service of this forest is.',
      request: [optional('ServiceNames', serviceLocationRequests)],
      response: [optional('FindServiceLocationsResult', serviceLocationResponses)],
      versionData: true,
    },
  ],
}
