/** Where services are: one table for the three operations that tell it ([MS-RMPR] 3.7.4.2, 3.7.4.3; [MS-RMPRS] 3.2.4.1). */
import type { ServerState } from '../../cluster/server-state.js'
import { refuse } from '../../exceptions.js'
import { child, childrenNamed, type XmlElement } from '../../xml/read.js'
import { certificationUrl, licensingUrl } from '../standing.js'
import { serviceTypes, type ServiceType } from './messages.js'

/** Windows asks for one at a time; nobody needs each type more than once. */
const mostRequests = 100

/** The types asked for, in order. */
export function readServiceTypes(request: XmlElement): readonly ServiceType[] {
  const array = child(request, 'ServiceNames')
  if (array === undefined) return refuse('ArgumentNull', 'ServiceNames is missing')
  const types = childrenNamed(array, 'ServiceLocationRequest').map((entry) => child(entry, 'Type')?.text.trim() ?? '')
  if (types.length > mostRequests) return refuse('UnspecifiedError', `${types.length} services are asked for, at most ${mostRequests} are answered`)
  return types.map((type) => {
    const known = serviceTypes.find((candidate) => candidate === type)
    return known ?? refuse('InvalidOperation', `"${type.slice(0, 100)}" is no ServiceType`)
  })
}

/** URL of a service; undefined when this installation has none. Without the name of the .asmx file, as in all certificates. */
export function serviceLocation(type: ServiceType, state: ServerState): string | undefined {
  const { externalCertificationUrl, externalLicensingUrl } = state.configuration
  switch (type) {
    case 'CertificationService':
      return externalCertificationUrl ?? undefined
    case 'LicensingService':
      return externalLicensingUrl ?? undefined
    case 'LicensingInternalService':
    case 'PublishingService':
      return licensingUrl(state)
    case 'CertificationInternalService':
    case 'ActivationService':
    case 'PrecertificationService':
    case 'ServerService':
      return certificationUrl(state)
    case 'GroupExpansionService':
      return `${state.configuration.baseUrl}/groupexpansion/GroupExpansion.asmx`
    default:
      return undefined
  }
}
