/** Where services are, for the two operations that are asked for them one by one ([MS-RMPR] 3.7.4.2; [MS-RMPRS] 3.2.4.1). */
import type { ServerState } from '../../cluster/server-state.js'
import { refuse } from '../../exceptions.js'
import { child, childrenNamed, type XmlElement } from '../../xml/read.js'
import { certificationUrl, extranetCertificationUrl, licensingUrl } from '../standing.js'
import { serviceTypes, type ServiceType } from './messages.js'

/** Windows asks for one at a time; nobody needs each type more than once. */
const mostRequests = 100

/** The entries of ServiceNames, at least one. */
export function requireServiceNames(request: XmlElement): readonly XmlElement[] {
  const requests = childrenNamed(child(request, 'ServiceNames'), 'ServiceLocationRequest')
  return requests.length === 0 ? refuse('ArgumentNull', 'ServiceNames is missing or empty') : requests
}

/** The types asked for, in order. */
export function readServiceTypes(requests: readonly XmlElement[]): readonly ServiceType[] {
  if (requests.length > mostRequests)
    return refuse('UnspecifiedError', `${requests.length} services are asked for, at most ${mostRequests} are answered`)
  return requests.map((entry) => {
    const type = child(entry, 'Type')?.text
    const known = serviceTypes.find((candidate) => candidate === type)
    return known ?? refuse('ArgumentNull', 'a ServiceLocationRequest has no Type')
  })
}

/**
 * URL of a service, without the name of the .asmx file, as in all certificates. Undefined when it has not been set, and for the types that the
 * specification has no URL for: publish.asmx, Precertification.asmx and server.asmx are found beside the others.
 */
export function serviceLocation(type: ServiceType, state: ServerState): string | undefined {
  switch (type) {
    case 'CertificationService':
      return extranetCertificationUrl(state)
    case 'LicensingService':
      return state.configuration.externalLicensingUrl ?? undefined
    case 'LicensingInternalService':
      return licensingUrl(state)
    case 'CertificationInternalService':
    case 'ActivationService':
      return certificationUrl(state)
    case 'GroupExpansionService':
      return groupExpansionUrl(state)
    default:
      return undefined
  }
}

/** With the name of the file, as in the example of [MS-RMPR] 4.6. */
export function groupExpansionUrl({ configuration }: ServerState): string {
  return `${configuration.baseUrl}/groupexpansion/GroupExpansion.asmx`
}
