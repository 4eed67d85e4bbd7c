/** What attacks are made of: real requests and documents, prepared once. No attack costs a key operation on our side. */
import { connect, readyMachine, type RmsClient } from '../../src/client/index.js'
import { prepareContent } from '../../src/client/prepare-content.js'
import { ownerOf } from '../../src/client/publish.js'
import { publicKeyToPkcs1 } from '../../src/crypto/keys.js'
import { seedPassword } from '../../src/directory/seed.js'
import { systemClock, systemRandom } from '../../src/effects.js'
import { writeEnvelope } from '../../src/soap/envelope.js'
import { plainVersions, versionDataHeader } from '../../src/soap/version-data.js'
import { xmlNode, xmlNodes } from '../../src/soap/xml-node.js'
import { readXml, type XmlElement } from '../../src/xml/read.js'
import { element, joined, text, type Markup } from '../../src/xml/write.js'
import { buildUnsignedPl } from '../../src/xrml/pl.js'

export type Span = readonly [start: number, end: number]

/** A request that is served when nothing is changed in it. */
export interface Base {
  readonly operation: string
  readonly path: string
  readonly namespace: string
  readonly user: string
  readonly body: string
  /** What the unchanged request must be answered: `mallory` has no rights. */
  readonly status: 200 | 500
  /** Of all elements of the body, and of their start tags and text. */
  readonly elements: readonly Span[]
  readonly startTags: readonly Span[]
  readonly texts: readonly Span[]
  readonly certificates: readonly Span[]
}

export interface Material {
  readonly bases: readonly Base[]
  /** Documents of every kind, to put in the place of others. */
  readonly documents: readonly string[]
  /** Requests of every account for every content, that fill the table of what is allowed; never attacked. */
  readonly entitlements: readonly Base[]
  readonly accountKeys: ReadonlyMap<string, string>
  readonly machineIds: ReadonlySet<string>
}

const drm = 'http://microsoft.com/DRM'

function base(
  operation: string,
  path: string,
  service: string,
  user: string,
  content: Markup,
  status: 200 | 500 = 200,
): Base {
  const namespace = `${drm}/${service}`
  const body = writeEnvelope(
    '1.1',
    versionDataHeader(namespace, plainVersions),
    element(operation, { xmlns: namespace }, content),
  )
  const all = [...walk(readXml(body))]
  return {
    operation,
    path,
    namespace,
    user,
    body,
    status,
    elements: all.map(({ start, end }) => [start, end]),
    startTags: all.map(({ start, contentStart }) => [start, contentStart]),
    texts: all
      .filter(({ children, contentEnd, contentStart }) => children.length === 0 && contentEnd > contentStart)
      .map((leaf) => [leaf.contentStart, leaf.contentEnd]),
    certificates: all.filter(({ name }) => name === 'XrML').map(({ start, end }) => [start, end]),
  }
}

function* walk(from: XmlElement): Generator<XmlElement> {
  yield from
  for (const each of from.children) yield* walk(each)
}

const users = ['alice', 'bob', 'carol', 'mallory'] as const
const machines = ['alice-pc-mode2', 'bob-pc-mode2'] as const
const account = (user: string): string => `CONTOSO\\${user}`

export async function prepareMaterial(baseUrl: string): Promise<Material> {
  const machineOf = (user: string) => readyMachine(user === 'alice' ? machines[0] : machines[1])
  const clients = new Map<string, RmsClient>(
    users.map((user) => [
      user,
      connect({ url: baseUrl, user: account(user), password: seedPassword, machine: machineOf(user) }),
    ]),
  )
  const clientOf = (user: string): RmsClient => clients.get(user) as RmsClient
  const identities = new Map<string, Awaited<ReturnType<RmsClient['bootstrap']>>>()
  for (const user of users) identities.set(user, await clientOf(user).bootstrap())
  const chainOf = (user: string): readonly string[] =>
    identities.get(user)?.account.chain.map((document) => document.text) ?? []

  const alice = clientOf('alice')
  const policy = {
    rights: [{ to: 'bob@contoso.test', rights: ['VIEW', 'PRINT'] }],
    applicationData: [{ name: 'Allow_Server_Editing', value: 'True' }],
  }
  const online = (await alice.publishOnline(policy)).pl.map((document) => document.text)
  const offline = (await alice.publish({ rights: [{ to: 'legal@contoso.test', rights: ['VIEW'] }] })).pl.map(
    (document) => document.text,
  )
  const template = (await alice.templates())[0]
  const slcChain = await alice.serverCertificate()
  const owner = identities.get('alice')
  if (template === undefined || owner === undefined)
    throw new Error('The node has no templates, or alice has no account')
  const { fields } = prepareContent(
    { clock: systemClock, random: systemRandom },
    { owner: ownerOf(owner.account), server: owner.publisher.clc.issuer, slcChain, policy },
  )
  const unsigned = buildUnsignedPl(fields)
  const ul = (await clientOf('bob').acquireLicense(online.join(''))).ul.document.text

  const license = (user: string, pl: readonly string[], status: 200 | 500 = 200): Base =>
    base(
      'AcquireLicense',
      '/licensing/license.asmx',
      'LicensingService',
      account(user),
      element(
        'RequestParams',
        {},
        element(
          'AcquireLicenseParams',
          {},
          xmlNodes('LicenseeCerts', chainOf(user)),
          xmlNodes('IssuanceLicense', pl),
          element('ApplicationData'),
        ),
      ),
      status,
    )
  const certify = (user: string): Base =>
    base(
      'Certify',
      '/certification/certification.asmx',
      'CertificationService',
      account(user),
      element(
        'requestParams',
        {},
        xmlNodes(
          'MachineCertificateChain',
          machineOf(user).chain.map((document) => document.text),
        ),
        element('Persistent', {}, text(true)),
      ),
    )
  const publishing = (operation: string, content: Markup): Base =>
    base(
      operation,
      '/licensing/publish.asmx',
      'PublishingService',
      account('alice'),
      element('RequestParams', {}, content),
    )
  const strings = (name: string, values: readonly string[]): Markup =>
    element(
      name,
      {},
      values.map((value) => element('string', {}, text(value))),
    )

  const bases = [
    certify('alice'),
    certify('bob'),
    license('bob', online),
    license('bob', offline),
    license('alice', offline),
    license('mallory', online, 500),
    license('mallory', offline, 500),
    license('carol', online, 500),
    publishing(
      'AcquireIssuanceLicense',
      element('AcquireIssuanceLicenseParams', {}, element('UnsignedIssuanceLicense', {}, xmlNode(unsigned))),
    ),
    publishing(
      'GetClientLicensorCert',
      element('GetClientLicensorCertParams', {}, xmlNodes('PersonaCerts', chainOf('alice'))),
    ),
    base(
      'AcquirePreLicense',
      '/licensing/license.asmx',
      'LicensingService',
      account('alice'),
      element(
        'RequestParams',
        {},
        element(
          'AcquirePreLicenseParams',
          {},
          strings('LicenseeIdentities', ['bob@contoso.test', 'mallory@contoso.test']),
          xmlNodes('IssuanceLicense', online),
        ),
      ),
    ),
    base(
      'EditIssuanceLicense',
      '/licensing/editissuancelicense.asmx',
      'EditIssuanceLicenseService',
      account('rms-service'),
      element(
        'RequestParams',
        {},
        element(
          'EditIssuanceLicenseParams',
          {},
          element('SignedIssuanceLicense', {}, xmlNode(online[0] ?? '')),
          element('UnsignedIssuanceLicense', {}, xmlNode(unsigned)),
        ),
      ),
    ),
    base(
      'Precertify',
      '/certification/Precertification.asmx',
      'CertificationService',
      account('alice'),
      element('requestParams', {}, element('PrecertifyParams', {}, element('UserName', {}, text('bob@contoso.test')))),
    ),
    base(
      'AcquireContentKey',
      '/decommission/decommission.asmx',
      'DecommissionService',
      account('rms-service'),
      element('paramsSoap', {}, element('AcquireContentKeyParams', {}, xmlNodes('IssuanceLicense', online))),
      500,
    ),
    base(
      'GetServerInfo',
      '/licensing/server.asmx',
      'ServerService',
      account('bob'),
      element(
        'requests',
        {},
        element('ServerInfoRequest', {}, element('Type', {}, text('ServerFeatureInfo')), element('AdditionalInfo')),
      ),
    ),
    base(
      'FindServiceLocationsForUser',
      '/certification/ServiceLocator.asmx',
      'ServerService',
      account('bob'),
      element(
        'ServiceNames',
        {},
        element('ServiceLocationRequest', {}, element('Type', {}, text('LicensingInternalService'))),
      ),
    ),
    base(
      'SubEnroll',
      '/certification/SubEnrollService.asmx',
      'SubEnrollmentService',
      account('rms-service'),
      element(
        'oInput',
        {},
        element(
          'CertificatePublicKey',
          {},
          element('aPublicKeyBytes', {}, text(publicKeyToPkcs1(machineOf('bob').key.publicKey))),
          element('Guid', {}, text('0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d')),
        ),
        element(
          'EnrolleeInformation',
          {},
          element('Name', {}, text('Zürich')),
          element('URL', {}, text('http://licensing.contoso.test/_wmcs')),
        ),
      ),
    ),
    base(
      'IsPrincipalMemberOf',
      '/groupexpansion/GroupExpansion.asmx',
      'GroupExpansionWebService',
      account('rms-service'),
      joined(
        element('principalName', {}, text('bob@contoso.test')),
        strings('targetGroups', ['legal@contoso.test']),
        element('crossForestCallsSoFar', {}, text(0)),
      ),
    ),
    base(
      'AcquireTemplates',
      '/licensing/templateDistribution.asmx',
      'TemplateDistributionService',
      account('bob'),
      strings('guids', [template.guid]),
    ),
  ]
  const spcs = ['alice-pc-mode1', 'bob-pc-mode1', ...machines].flatMap((name) =>
    readyMachine(name).chain.map((document) => document.text),
  )
  const documents = [
    ...users.flatMap(chainOf),
    ...online,
    ...offline,
    unsigned,
    ul,
    template.text.replace(/^<\?xml[^>]*>/, ''),
    ...spcs,
  ]
  return {
    bases,
    documents: [...new Set(documents)],
    entitlements: users.flatMap((user) => [license(user, online), license(user, offline)]),
    accountKeys: new Map(
      users.map((user) => [identities.get(user)?.account.rac.account.publicKey?.modulus ?? '', account(user)]),
    ),
    machineIds: new Set(machines.map((name) => readyMachine(name).chain[0]?.body.issuedPrincipal?.object?.id ?? name)),
  }
}
