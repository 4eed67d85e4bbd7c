/**
 * Which services a server of each kind has. Read this first: a root certifies, licenses and publishes, a licensing-only server licenses
 * and publishes ([MS-RMPR] 3.1.4.2, [MS-RMSI] 2.1).
 */
import type { ClusterKind } from '../cluster/store/cluster-store.js'
import { activate } from '../services/activation/activate.js'
import { isPrincipalMemberOf } from '../services/group-expansion/is-principal-member-of.js'
import { groupExpansionService } from '../services/group-expansion/messages.js'
import { subEnrollService } from '../services/enrollment/messages.js'
import { subEnroll } from '../services/enrollment/sub-enroll.js'
import { activationService } from '../services/activation/messages.js'
import { certify } from '../services/certification/certify.js'
import { certificationService, precertificationService } from '../services/certification/messages.js'
import { precertify } from '../services/certification/precertify.js'
import type { Operation } from '../services/context.js'
import { acquireContentKey } from '../services/decommission/acquire-content-key.js'
import { decommissionService } from '../services/decommission/messages.js'
import { acquireLicense } from '../services/licensing/acquire-license.js'
import { acquirePreLicense } from '../services/licensing/acquire-pre-license.js'
import { licensingService } from '../services/licensing/messages.js'
import { acquireIssuanceLicense } from '../services/publishing/acquire-issuance-license.js'
import { getClientLicensorCert } from '../services/publishing/get-client-licensor-cert.js'
import { publishingService } from '../services/publishing/messages.js'
import { editIssuanceLicense } from '../services/republishing/edit-issuance-license.js'
import { republishingService } from '../services/republishing/messages.js'
import { findServiceLocations, findServiceLocationsForUser } from '../services/server/find-service-locations.js'
import { getLicensorCertificate } from '../services/server/get-licensor-certificate.js'
import { clientDebugLogs, clientPerformanceLogs } from '../services/rest/client-logs.js'
import { endUserLicenses } from '../services/rest/end-user-licenses.js'
import type { RestOperation } from '../services/rest/operation.js'
import { publishingLicenses } from '../services/rest/publishing-licenses.js'
import { serviceDiscovery } from '../services/rest/service-discovery.js'
import { templates } from '../services/rest/templates.js'
import { getServerInfo } from '../services/server/get-server-info.js'
import { serverService } from '../services/server/messages.js'
import { acquireTemplateInformation } from '../services/templates/acquire-template-information.js'
import { acquireTemplates } from '../services/templates/acquire-templates.js'
import { templateDistributionService } from '../services/templates/messages.js'
import type { ServiceDescription } from '../soap/schema.js'

export interface Endpoint {
  /** Below /_wmcs, as the specification spells it. Requests may use any case. */
  readonly path: string
  /** Other spellings that clients and documents use. */
  readonly aliases: readonly string[]
  readonly service: ServiceDescription
  readonly operations: readonly Operation[]
  /** Served without signing in, unless an access list says otherwise. */
  readonly anonymous: boolean
}

const endpoint = (
  path: string,
  service: ServiceDescription,
  operations: readonly Operation[],
  more: Partial<Pick<Endpoint, 'aliases' | 'anonymous'>> = {},
): Endpoint => ({ path, service, operations, aliases: [], anonymous: false, ...more })

/** The whole port type on every address: the WSDL publishes it in one piece. */
const serverOperations = [getLicensorCertificate, findServiceLocationsForUser, getServerInfo, findServiceLocations]

const mobileSpellings = [
  '/certification/MobileDeviceCertification.asmx',
  '/certification/MobileDeviceCertfication.asmx',
]

const certification: readonly Endpoint[] = [
  endpoint('/certification/certification.asmx', certificationService, [certify]),
  endpoint('/certification/ServerCertification.asmx', certificationService, [certify]),
  endpoint('/certification/MobileCertification.asmx', certificationService, [certify], { aliases: mobileSpellings }),
  endpoint('/certification/Precertification.asmx', precertificationService, [precertify]),
  endpoint('/certification/Activation.asmx', activationService, [activate], { anonymous: true }),
  endpoint('/certification/SubEnrollService.asmx', subEnrollService, [subEnroll]),
  endpoint('/certification/server.asmx', serverService, serverOperations),
  endpoint('/certification/ServiceLocator.asmx', serverService, serverOperations),
]

const licensing: readonly Endpoint[] = [
  endpoint('/licensing/license.asmx', licensingService, [acquireLicense, acquirePreLicense]),
  endpoint('/licensing/publish.asmx', publishingService, [acquireIssuanceLicense, getClientLicensorCert]),
  endpoint('/licensing/editissuancelicense.asmx', republishingService, [editIssuanceLicense]),
  endpoint('/licensing/templateDistribution.asmx', templateDistributionService, [
    acquireTemplateInformation,
    acquireTemplates,
  ]),
  endpoint('/licensing/server.asmx', serverService, serverOperations),
  endpoint('/licensing/ServiceLocator.asmx', serverService, serverOperations),
]

const others: readonly Endpoint[] = [
  endpoint('/groupexpansion/GroupExpansion.asmx', groupExpansionService, [isPrincipalMemberOf]),
  endpoint('/decommission/decommission.asmx', decommissionService, [acquireContentKey]),
]

export const roles: Readonly<Record<ClusterKind, readonly Endpoint[]>> = {
  root: [...certification, ...licensing, ...others],
  licensing: [...licensing, ...others],
}

/** REST, on servers of both kinds: the Mobile Device Extension, below /my/v1 and /my/v2. */
export const restOperations: readonly RestOperation[] = [
  serviceDiscovery,
  templates,
  publishingLicenses,
  endUserLicenses,
  clientDebugLogs,
  clientPerformanceLogs,
]

/** The binary form of group expansion, which has no SOAP service ([MS-RMPRS] 2.1). */
export const binaryGroupExpansionPath = '/DrmRemote/DirectoryServices/DirectoryServices.rem'

/** Paths of all endpoints of a server, in lower case: the keys of access lists. */
export function endpointPaths(kind: ClusterKind): readonly string[] {
  return [...roles[kind].map(({ path }) => path), binaryGroupExpansionPath].map((path) => path.toLowerCase())
}
