/** A tiny RMS server over SOAP for tests of the client. It decides nothing: everybody may do everything, except what a test tells it. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { publicKeyToPkcs1 } from '../../src/crypto/keys.js'
import { RmsException, type ExceptionKey } from '../../src/exceptions.js'
import { contentType, readEnvelope, writeEnvelope } from '../../src/soap/envelope.js'
import { faultStatus, writeFault } from '../../src/soap/fault.js'
import { versionDataHeader } from '../../src/soap/version-data.js'
import { readXmlNode, readXmlNodesOf, xmlNode, xmlNodes } from '../../src/soap/xml-node.js'
import { child, childrenNamed, descend, readXml, type XmlElement } from '../../src/xml/read.js'
import { element, joined, text, type Markup } from '../../src/xml/write.js'
import { readDocument, readOneDocument, type XrmlDocument } from '../../src/xrml/document.js'
import { buildServerPl, readPl, verbatim } from '../../src/xrml/pl.js'
import type { Principal } from '../../src/xrml/body.js'
import { issueClc, issueRac, issueUl, now, openPl, type Issuer } from './lab-issuer.js'

export interface LabServer {
  readonly url: string
  readonly calls: {
    readonly operation: string
    readonly path: string
    readonly body: string
    readonly authorization: string | undefined
  }[]
  /** Refuses that operation from now on. */
  readonly refusals: Map<string, ExceptionKey>
  /** Changes an answer on its way. */
  readonly changes: Map<string, (answer: string) => string>
  /** Mail addresses that get no license. */
  readonly barred: Set<string>
  readonly templates: string[]
  locations: Record<string, string | undefined>
  licensingUrl: string
}

const noRights = new RmsException('NoRightsForRequestedPrincipal', '').faultString

export async function startLabServer(issuer: Issuer, teardown: (stop: () => void) => void): Promise<LabServer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const source = Buffer.concat(chunks).toString()
      const message = readEnvelope(source).body
      lab.calls.push({
        operation: message.name,
        path: String(request.url),
        body: source,
        authorization: request.headers.authorization,
      })
      const send = ({ status, content }: { status: number; content: string }): ServerResponse =>
        response
          .writeHead(status, { 'Content-Type': contentType('1.1') })
          .end((lab.changes.get(message.name) ?? String)(content))
      void answerTo(lab, issuer, message).then(send)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/_wmcs`
  const locations = {
    CertificationInternalService: `${url}/certification`,
    LicensingInternalService: `${url}/licensing`,
  }
  const lab: LabServer = {
    url,
    calls: [],
    refusals: new Map(),
    changes: new Map(),
    barred: new Set(),
    templates: [],
    locations,
    licensingUrl: `${url}/licensing`,
  }
  return lab
}

async function answerTo(
  lab: LabServer,
  issuer: Issuer,
  message: XmlElement,
): Promise<{ status: number; content: string }> {
  const refusal = lab.refusals.get(message.name)
  const exception = refusal === undefined ? undefined : new RmsException(refusal, '')
  const fault = (problem: RmsException) => ({ status: faultStatus(problem), content: writeFault('1.1', problem) })
  if (exception !== undefined) return fault(exception)
  try {
    const content = (await operations[message.name]?.(lab, issuer, message)) ?? element('Nothing')
    const body = element(`${message.name}Response`, { xmlns: message.namespace }, content)
    return { status: 200, content: writeEnvelope('1.1', versionDataHeader(message.namespace), body) }
  } catch (error) {
    return fault(error instanceof RmsException ? error : new RmsException('UnspecifiedError', String(error)))
  }
}

const texts = (chain: readonly XrmlDocument[]): readonly string[] => chain.map((document) => document.text)
const certificates = (chain: readonly XrmlDocument[]): Markup => xmlNodes('CertificateChain', texts(chain))
const leafOf = (part: XmlElement | undefined, name: string): XrmlDocument =>
  readOneDocument(readXmlNodesOf(part, name)[0] ?? '')

type Operation = (lab: LabServer, issuer: Issuer, message: XmlElement) => Promise<Markup> | Markup

const operations: Readonly<Record<string, Operation>> = {
  FindServiceLocationsForUser(lab, _, message) {
    const types = childrenNamed(child(message, 'ServiceNames'), 'ServiceLocationRequest').map(
      (request) => child(request, 'Type')?.text ?? '',
    )
    const responses = types.map((type) => {
      const url = lab.locations[type]
      return element(
        'ServiceLocationResponse',
        {},
        url === undefined ? undefined : element('URL', {}, text(url)),
        element('Type', {}, text(type)),
      )
    })
    return element('FindServiceLocationsForUserResult', {}, responses)
  },
  GetLicensorCertificate: (_, issuer) => element('GetLicensorCertificateResult', {}, certificates(issuer.chain)),
  GetServerInfo(lab, issuer) {
    const part = (type: string, content: Markup): Markup =>
      element('ServerInfoRequest', { Type: type, AdditionalInfo: '' }, content)
    const location = (Type: string, Url: string): Markup => element('ServiceLocation', { Type, Url })
    const results = [
      part('VersionInfo', element('VersionInfo', { Version: '6.0.0.0' })),
      part(
        'ServerFeatureInfo',
        element('ServerFeatureInfo', {}, element('Feature', { Name: 'GroupExpansionWebService', Value: 'true' })),
      ),
      part(
        'ServerLicensorCertificate',
        element('ServerLicensorCertificateChain', {}, texts(issuer.chain).map(xmlNode)),
      ),
      part(
        'ServiceLocations',
        element(
          'ServiceLocations',
          {},
          location('LicensingService', lab.licensingUrl),
          location('PublishingService', ''),
        ),
      ),
    ]
    return element('GetServerInfoResult', {}, element('Results', { xmlns: '' }, results))
  },
  async Certify(_, issuer, message) {
    const chain = await issueRac(issuer, leafOf(child(message, 'requestParams'), 'MachineCertificateChain'))
    return element('CertifyResult', {}, certificates(chain))
  },
  async Precertify(_, issuer) {
    const [rac] = await issueRac(issuer, issuer.chain[0] as XrmlDocument, { precertified: true })
    return element(
      'PrecertifyResult',
      {},
      element('PrecertifyResponse', {}, element('Certificate', {}, xmlNode(rac?.text ?? ''))),
    )
  },
  async GetClientLicensorCert(lab, issuer, message) {
    const rac = leafOf(descend(message, 'RequestParams', 'GetClientLicensorCertParams'), 'PersonaCerts')
    const chain = await issueClc(issuer, rac.body.issuedPrincipal as Principal, lab.licensingUrl)
    return element('GetClientLicensorCertResult', {}, element('GetClientLicensorCertResponse', {}, certificates(chain)))
  },
  AcquireTemplateInformation(lab, issuer) {
    const listed = lab.templates.map((template) => element('GuidHash', {}, guidAndHash(template)))
    const key = publicKeyToPkcs1(issuer.key.publicKey)
    const count = element('GuidHashCount', {}, text(lab.templates.length))
    return element('AcquireTemplateInformationResult', {}, element('ServerPublicKey', {}, text(key)), count, listed)
  },
  AcquireTemplates(lab, _, message) {
    const asked = childrenNamed(child(message, 'guids'), 'string').map(({ text }) => text)
    const found = lab.templates.filter((template) =>
      asked.includes(readOneDocument(template).body.descriptor?.id ?? ''),
    )
    const entries = found.map((template) =>
      element('GuidTemplate', {}, guidAndHash(template), element('Template', {}, text(template))),
    )
    return element('AcquireTemplatesResult', {}, entries)
  },
  async AcquireIssuanceLicense(lab, issuer, message) {
    const unsigned = readXmlNode(
      descend(message, 'RequestParams', 'AcquireIssuanceLicenseParams', 'UnsignedIssuanceLicense'),
    )
    const chain = [await signPl(lab, issuer, unsigned), ...issuer.chain]
    return element(
      'AcquireIssuanceLicenseResult',
      {},
      element('AcquireIssuanceLicenseResponse', {}, certificates(chain)),
    )
  },
  async EditIssuanceLicense(lab, issuer, message) {
    const unsigned = readXmlNode(
      descend(message, 'RequestParams', 'EditIssuanceLicenseParams', 'UnsignedIssuanceLicense'),
    )
    const chain = [await signPl(lab, issuer, unsigned)]
    return element('EditIssuanceLicenseResult', {}, element('EditIssuanceLicenseResponse', {}, certificates(chain)))
  },
  async AcquireLicense(lab, issuer, message) {
    const all = childrenNamed(child(message, 'RequestParams'), 'AcquireLicenseParams')
    const responses: Markup[] = []
    for (const [index, params] of all.entries()) {
      const account = leafOf(params, 'LicenseeCerts').body.issuedPrincipal as Principal
      const pl = leafOf(params, 'IssuanceLicense')
      const isBarred = lab.barred.has(readPl(pl).contentId?.id ?? '')
      if (isBarred && all.length === 1) throw new RmsException('NoRightsForRequestedPrincipal', '')
      const answer = isBarred
        ? element('CertificateChain', {}, refusalElement('AcquireLicenseException', index))
        : certificates(await issueUl(issuer, pl, account))
      responses.push(element('AcquireLicenseResponse', {}, answer, element('ReferenceCertificates')))
    }
    return element('AcquireLicenseResult', {}, responses)
  },
  async AcquirePreLicense(lab, issuer, message) {
    const params = descend(message, 'RequestParams', 'AcquirePreLicenseParams')
    const mails = childrenNamed(child(params, 'LicenseeIdentities'), 'string').map(({ text }) => text)
    const account = (await issueRac(issuer, issuer.chain[0] as XrmlDocument, { precertified: true }))[0]?.body
      .issuedPrincipal as Principal
    const licenses: Markup[] = []
    for (const [index, mail] of mails.entries()) {
      const [ul] = await issueUl(issuer, leafOf(params, 'IssuanceLicense'), account)
      licenses.push(
        lab.barred.has(mail)
          ? refusalElement('AcquirePreLicenseException', index)
          : element('Certificate', {}, xmlNode(ul?.text ?? '')),
      )
    }
    const response = element(
      'AcquirePreLicenseResponse',
      {},
      element('Licenses', {}, licenses),
      certificates(issuer.chain),
    )
    return element('AcquirePreLicenseResult', {}, response)
  },
  async AcquireContentKey(_, issuer, message) {
    const pl = leafOf(descend(message, 'paramsSoap', 'AcquireContentKeyParams'), 'IssuanceLicense')
    const { key } = await openPl(issuer, pl)
    const content = joined(
      element('ContentKey', {}, text(key.toString('base64'))),
      element('ContentKeyType', {}, text('AES')),
    )
    return element('AcquireContentKeyResult', {}, element('AcquireContentKeyResponse', {}, content))
  },
}

function refusalElement(name: string, index: number): Markup {
  const content = [element('ExceptionString', {}, text(noRights)), element('batchindex', {}, text(index))]
  return element('Certificate', {}, element(name, { xmlns: 'urn:any' }, content))
}

function guidAndHash(template: string): Markup {
  const document = readOneDocument(template)
  const hash = childrenNamed(descend(document.signature, 'DIGEST'), 'VALUE')[0]?.text ?? ''
  return joined(element('Guid', {}, text(document.body.descriptor?.id ?? '')), element('Hash', {}, text(hash)))
}

async function signPl(lab: LabServer, issuer: Issuer, unsigned: string | undefined): Promise<XrmlDocument> {
  const pl = readPl(readDocument(readXml(unsigned ?? '')))
  const fields = {
    issuedTime: now,
    licensingUrl: lab.licensingUrl,
    server: pl.server,
    enablingBits: { type: issuer.rules.enablingBits, bytes: pl.enablingBits.bytes },
    descriptor: verbatim(pl.verbatim.descriptor),
    work: [verbatim(pl.verbatim.contentObject), verbatim(pl.verbatim.metadata)],
    encryptedRightsData: pl.encryptedRightsData,
  }
  return readOneDocument(await buildServerPl(fields, issuer.principal, issuer.signer, issuer.rules.hash))
}
