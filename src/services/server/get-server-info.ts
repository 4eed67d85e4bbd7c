/** GetServerInfo: version, features, certificate chain and locations ([MS-RMPR] 3.7.4.3, 4.6). */
import type { ServerState } from '../../cluster/server-state.js'
import { refuse } from '../../exceptions.js'
import { xmlNode } from '../../soap/xml-node.js'
import { child, childrenNamed } from '../../xml/read.js'
import { element, type Markup } from '../../xml/write.js'
import { describe, operation, type Call } from '../context.js'
import { certificationUrl, extranetCertificationUrl, licensingUrl } from '../standing.js'
import { walk } from '../steps.js'
import { serverInfoTypes, serverService, type ServerInfoType, type ServiceType } from './messages.js'
import { groupExpansionUrl } from './service-locations.js'

const mostRequests = 100

interface Wanted {
  readonly type: ServerInfoType
  readonly additionalInfo: string
}

export const getServerInfo = operation(
  describe(serverService, 'GetServerInfo'),
  walk<Call>()
    .step('parse', parse)
    .step('answer', ({ wanted, state }) => ({ answer: answer(wanted, state) })),
)

function parse({ request }: Call): { wanted: readonly Wanted[] } {
  const entries = childrenNamed(child(request, 'requests'), 'ServerInfoRequest')
  if (entries.length === 0) return refuse('ArgumentNull', 'requests has no ServerInfoRequest')
  if (entries.length > mostRequests)
    return refuse('UnspecifiedError', `there are ${entries.length} requests, at most ${mostRequests} are answered`)
  const wanted = entries.map((entry) => {
    const type = serverInfoTypes.find((candidate) => candidate === child(entry, 'Type')?.text)
    if (type === undefined) return refuse('ArgumentNull', 'a ServerInfoRequest has no Type')
    return { type, additionalInfo: child(entry, 'AdditionalInfo')?.text.trim() ?? '' }
  })
  return { wanted }
}

function answer(wanted: readonly Wanted[], state: ServerState): Markup {
  const results = wanted.map(({ type, additionalInfo }) =>
    element('ServerInfoRequest', { Type: type, AdditionalInfo: additionalInfo }, informationOf(type, state)),
  )
  return element('GetServerInfoResult', {}, element('Results', { xmlns: '' }, results))
}

function informationOf(type: ServerInfoType, state: ServerState): Markup {
  switch (type) {
    case 'VersionInfo':
      return element('VersionInfo', { Version: state.configuration.serverVersion })
    case 'ServerFeatureInfo':
      return element('ServerFeatureInfo', {}, features(state))
    case 'ServerLicensorCertificate':
      return element(
        'ServerLicensorCertificateChain',
        {},
        state.own.chain.map((document) => xmlNode(document.text)),
      )
    case 'ServiceLocations':
      return element('ServiceLocations', {}, locations(state))
  }
}

function features({ configuration }: ServerState): readonly Markup[] {
  const feature = (name: string, value: string): Markup => element('Feature', { Name: name, Value: value })
  return [
    feature('GroupExpansionWebService', 'true'),
    feature('ActiveDirectoryServicesRemoting', 'false'),
    feature('FederatedServicesEnabled', configuration.federationEnabled ? '1' : '0'),
  ]
}

/** More than FindServiceLocationsForUser tells: where no external address is set, the internal one is what a lab client can use. */
function locations(state: ServerState): readonly Markup[] {
  const urls = {
    LicensingService: state.configuration.externalLicensingUrl ?? licensingUrl(state),
    PublishingService: licensingUrl(state),
    CertificationService: extranetCertificationUrl(state) ?? certificationUrl(state),
    PrecertificationService: certificationUrl(state),
    ServerService: certificationUrl(state),
    GroupExpansionService: groupExpansionUrl(state),
  } as const satisfies Partial<Record<ServiceType, string>>
  return Object.entries(urls).map(([type, url]) => element('ServiceLocation', { Type: type, Url: url }))
}
