/** Requests as src/client sends them, as texts that are complete before the clock starts. */
import type { Account, Machine, Published } from '../src/client/index.js'
import { namespaces } from '../src/client/namespaces.js'
import { seedPassword } from '../src/directory/seed.js'
import { contentType, writeEnvelope } from '../src/soap/envelope.js'
import { soapAction } from '../src/soap/schema.js'
import { plainVersions, versionDataHeader } from '../src/soap/version-data.js'
import { xmlNode, xmlNodes } from '../src/soap/xml-node.js'
import { element, text, type Markup } from '../src/xml/write.js'
import type { XrmlDocument } from '../src/xrml/document.js'
import type { LoadRequest } from './load.js'

interface Call {
  readonly service: keyof typeof namespaces
  /** Below /_wmcs. */
  readonly path: string
  readonly operation: string
  /** Who asks, with the password that all have. */
  readonly mail: string
}

/** AcquireLicense ([MS-RMPR] 3.4.4.1). */
export function licenseRequest({ chain, mail }: Account, { pl }: Pick<Published, 'pl'>): LoadRequest {
  const params = element(
    'AcquireLicenseParams',
    {},
    xmlNodes('LicenseeCerts', textsOf(chain)),
    xmlNodes('IssuanceLicense', textsOf(pl)),
    element('ApplicationData'),
  )
  return request(
    { service: 'licensing', path: 'licensing/license.asmx', operation: 'AcquireLicense', mail },
    element('RequestParams', {}, params),
  )
}

/** Certify ([MS-RMPR] 3.3.4.1). */
export function certifyRequest({ mail }: Pick<Account, 'mail'>, { chain }: Pick<Machine, 'chain'>): LoadRequest {
  const params = element(
    'requestParams',
    {},
    xmlNodes('MachineCertificateChain', textsOf(chain)),
    element('Persistent', {}, text(true)),
  )
  return request(
    { service: 'certification', path: 'certification/certification.asmx', operation: 'Certify', mail },
    params,
  )
}

/** GetClientLicensorCert ([MS-RMPR] 3.5.4.2). */
export function licensorCertRequest({ chain, mail }: Account): LoadRequest {
  const params = element('GetClientLicensorCertParams', {}, xmlNodes('PersonaCerts', textsOf(chain)))
  return request(
    { service: 'publishing', path: 'licensing/publish.asmx', operation: 'GetClientLicensorCert', mail },
    element('RequestParams', {}, params),
  )
}

/** AcquireIssuanceLicense ([MS-RMPR] 3.5.4.1). */
export function publishRequest({ mail }: Account, unsigned: string): LoadRequest {
  const params = element('AcquireIssuanceLicenseParams', {}, element('UnsignedIssuanceLicense', {}, xmlNode(unsigned)))
  return request(
    { service: 'publishing', path: 'licensing/publish.asmx', operation: 'AcquireIssuanceLicense', mail },
    element('RequestParams', {}, params),
  )
}

function request({ service, path, operation, mail }: Call, content: Markup): LoadRequest {
  const namespace = namespaces[service]
  return {
    method: 'POST',
    path: `/_wmcs/${path}`,
    headers: {
      'Content-Type': contentType('1.1'),
      SOAPAction: `"${soapAction({ namespace }, operation)}"`,
      Authorization: `Basic ${Buffer.from(`${mail}:${seedPassword}`, 'utf8').toString('base64')}`,
    },
    body: writeEnvelope(
      '1.1',
      versionDataHeader(namespace, plainVersions),
      element(operation, { xmlns: namespace }, content),
    ),
  }
}

function textsOf(documents: readonly XrmlDocument[]): readonly string[] {
  return documents.map((document) => document.text)
}
