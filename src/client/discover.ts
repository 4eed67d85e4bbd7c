/** What a server tells about itself: where services are, what it is, and its certificate ([MS-RMPR] 3.7.4). */
import { readXmlNode, readXmlNodesOf } from '../soap/xml-node.js'
import { child, childrenNamed, descend, outerText, type XmlElement } from '../xml/read.js'
import { element, text } from '../xml/write.js'
import type { XrmlDocument } from '../xrml/document.js'
import { readXml } from '../xml/read.js'
import { call, type ClientContext, type RmsCall } from './context.js'
import { folderUrlOf, sameServiceUrl } from './service-url.js'
import { readable, readChain, verifyChainToRoot } from './verify.js'

/** Where a user finds the services. */
export interface ServiceLocations {
  /** Folder, without slash at the end. */
  readonly certificationUrl: string
  readonly licensingUrl: string
}

/** Where licenses are made, and by whom. */
export interface LicensingServer {
  /** Folder, such as `http://rms/_wmcs/licensing`. */
  readonly licensingUrl: string
  /** Verified. */
  readonly slcChain: readonly XrmlDocument[]
}

const wanted = [
  'CertificationInternalService',
  'CertificationService',
  'LicensingInternalService',
  'LicensingService',
] as const
type Wanted = (typeof wanted)[number]

/**
 * FindServiceLocationsForUser: the addresses inside the network, else those outside, else the cluster asked. Those outside first for who asks at
 * the licensing address outside.
 * @param baseUrl such as `http://rms/_wmcs`; every cluster has a locator, licensing-only clusters too
 * @throws SoapFault, CallFailed
 */
export async function findServiceLocations(context: ClientContext, baseUrl: string): Promise<ServiceLocations> {
  const answer = await call(context, findServiceLocationsCall(baseUrl))
  const found = childrenNamed(descend(answer, 'FindServiceLocationsForUserResult'), 'ServiceLocationResponse')
  const url = (...types: readonly Wanted[]): string | undefined =>
    types
      .map((type) =>
        child(
          found.find((response) => child(response, 'Type')?.text.trim() === type),
          'URL',
        )?.text.trim(),
      )
      .find((address) => address !== undefined && address !== '')
  const outside = url('LicensingService')
  // Who came by the address outside can perhaps not reach the others.
  const isOutside = outside !== undefined && sameServiceUrl(folderUrlOf(outside), `${baseUrl}/licensing`)
  const either = (inner: Wanted, outer: Wanted): string | undefined =>
    isOutside ? url(outer, inner) : url(inner, outer)
  return {
    certificationUrl: folderUrlOf(
      either('CertificationInternalService', 'CertificationService') ?? `${baseUrl}/certification`,
    ),
    licensingUrl: folderUrlOf(either('LicensingInternalService', 'LicensingService') ?? `${baseUrl}/licensing`),
  }
}

/** The request alone. */
export function findServiceLocationsCall(baseUrl: string): RmsCall {
  const requests = wanted.map((type) => element('ServiceLocationRequest', {}, element('Type', {}, text(type))))
  return {
    url: `${baseUrl}/licensing/ServiceLocator.asmx`,
    service: 'server',
    operation: 'FindServiceLocationsForUser',
    content: [element('ServiceNames', {}, requests)],
  }
}

/**
 * GetLicensorCertificate: the verified SLC chain of a cluster.
 * @param folderUrl certification or licensing folder
 * @throws SoapFault, CallFailed, VerificationFailed
 */
export async function getLicensorCertificate(
  context: ClientContext,
  folderUrl: string,
): Promise<readonly XrmlDocument[]> {
  const url = `${folderUrl}/server.asmx`
  const answer = await call(context, { url, service: 'server', operation: 'GetLicensorCertificate' })
  return verifiedSlc(context, readXmlNodesOf(descend(answer, 'GetLicensorCertificateResult'), 'CertificateChain'), url)
}

function verifiedSlc(context: ClientContext, texts: readonly string[], url: string): readonly XrmlDocument[] {
  const what = `SLC from ${url}`
  return verifyChainToRoot(readChain(texts, 'SLC', what), context.trustRoots, what)
}

/** What a cluster tells anybody who is signed in. */
export interface ServerInfo {
  readonly version: string | undefined
  readonly features: Readonly<Record<string, string>>
  /** Addresses by service type; services without an address are left out. */
  readonly locations: Readonly<Record<string, string>>
  /** Verified. */
  readonly slcChain: readonly XrmlDocument[]
}

const infoTypes = ['VersionInfo', 'ServerFeatureInfo', 'ServerLicensorCertificate', 'ServiceLocations']

/**
 * GetServerInfo with all of its four kinds of information. It is the one operation without version header.
 * @param licensingUrl such as `http://rms/_wmcs/licensing`
 * @throws SoapFault, CallFailed, VerificationFailed
 */
export async function getServerInfo(context: ClientContext, licensingUrl: string): Promise<ServerInfo> {
  const url = `${licensingUrl}/server.asmx`
  const requests = infoTypes.map((type) =>
    element('ServerInfoRequest', {}, element('Type', {}, text(type)), element('AdditionalInfo')),
  )
  const answer = await call(context, {
    url,
    service: 'server',
    operation: 'GetServerInfo',
    content: [element('requests', {}, requests)],
    versions: 'none',
  })
  const written = readXmlNode(descend(answer, 'GetServerInfoResult')) ?? '<Results />'
  const parts = readable(`server information from ${url}`, () => readXml(written)).children.flatMap(
    (part) => part.children,
  )
  const certificates = parts.find((part) => part.name === 'ServerLicensorCertificateChain')?.children ?? []
  return {
    version: parts.find((part) => part.name === 'VersionInfo')?.attributes.Version,
    features: attributesOf(parts, 'ServerFeatureInfo', 'Feature', 'Name', 'Value'),
    locations: attributesOf(parts, 'ServiceLocations', 'ServiceLocation', 'Type', 'Url'),
    slcChain: verifiedSlc(context, certificates.map(outerText), url),
  }
}

/** The children of that name inside the holder, as pairs of two of their attributes; pairs without value are left out. */
function attributesOf(
  parts: readonly XmlElement[],
  holder: string,
  name: string,
  key: string,
  value: string,
): Readonly<Record<string, string>> {
  const found = childrenNamed(
    parts.find((part) => part.name === holder),
    name,
  )
  const entries = found.map(({ attributes }) => [attributes[key] ?? '', attributes[value] ?? ''])
  return Object.fromEntries(entries.filter(([, written]) => written !== '')) as Record<string, string>
}
