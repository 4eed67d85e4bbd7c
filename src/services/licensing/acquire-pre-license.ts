/** AcquirePreLicense: use licenses for people by mail address, before they ask ([MS-RMSI] 3.5.4.1). */
import { RmsException, refuse } from '../../exceptions.js'
import { xmlNode, xmlNodes } from '../../soap/xml-node.js'
import { child, childrenNamed, type XmlElement } from '../../xml/read.js'
import { element, type Markup } from '../../xml/write.js'
import type { XrmlDocument } from '../../xrml/document.js'
import type { Pl } from '../../xrml/pl.js'
import type { RightsData } from '../../xrml/rights-data.js'
import { describe, operation, type Call } from '../context.js'
import { publishingLicenseLimits, readChain } from '../read-documents.js'
import { requireInService } from '../standing.js'
import { walk } from '../steps.js'
import { exceptionElement, plExceptions, requirePlValidity, sealExceptions } from './acquire-license.js'
import { currentPolicy, identityOfAccount, issueLicense, requireRights } from './issue-license.js'
import { findLicensee } from './licensee.js'
import { licensingService } from './messages.js'
import { openContentKey, openRightsData, requireGoodPl, type GoodPl } from './publishing-license.js'

/** Nobody writes to more people at once; bounds the work of one request. */
const mostLicensees = 1000

interface Opened extends GoodPl {
  readonly keyBlob: Buffer
  readonly rightsData: RightsData
}

export const acquirePreLicense = operation(
  describe(licensingService, 'AcquirePreLicense'),
  walk<Call>()
    .step('parse', parse)
    .step('in service', requireInService)
    .step('verify PL', ({ plChain, state }) => requireGoodPl(plChain, state, plExceptions))
    .step('times', ({ pl, now }: { pl: Pl; now: Date }) => requirePlValidity(pl, now))
    .step('open PL', openPl)
    .step('license', licenseEach)
    .step('answer', answer),
)

function parse({ request, notes }: Call): { plChain: readonly XrmlDocument[]; licensees: readonly string[] } {
  const all = childrenNamed(child(request, 'RequestParams'), 'AcquirePreLicenseParams')
  const [params] = all
  if (params === undefined) return refuse('ArgumentNull', 'RequestParams has no AcquirePreLicenseParams')
  if (all.length > 1) return refuse('UnspecifiedError', `there are ${all.length} AcquirePreLicenseParams, one is taken`)
  const licensees = childrenNamed(child(params, 'LicenseeIdentities'), 'string').map((identity: XmlElement) => identity.text.trim())
  if (licensees.length === 0) return refuse('ArgumentNull', 'LicenseeIdentities is missing or empty')
  if (licensees.length > mostLicensees) return refuse('UnspecifiedError', `there are ${licensees.length} licensees, at most ${mostLicensees} are taken`)
  notes.metadata.requests = licensees.length
  return { plChain: readChain(child(params, 'IssuanceLicense'), publishingLicenseLimits, 'InvalidRightsLabelSignature'), licensees }
}

async function openPl(good: GoodPl): Promise<{ keyBlob: Buffer; rightsData: RightsData }> {
  const { contentKey, keyBlob } = await openContentKey(good, sealExceptions)
  return { keyBlob, rightsData: openRightsData(good.pl, contentKey, 'UnspecifiedError').rightsData }
}

async function licenseEach(known: Call & Opened & { licensees: readonly string[] }): Promise<{ results: readonly (string | RmsException)[] }> {
  const results: (string | RmsException)[] = []
  for (const licensee of known.licensees) {
    try {
      results.push(await licenseOne(known, licensee))
    } catch (error) {
      if (!(error instanceof RmsException)) throw error
      results.push(error)
    }
  }
  known.notes.metadata.failed = results.filter((result) => result instanceof RmsException).length
  return { results }
}

async function licenseOne(known: Call & Opened, licensee: string): Promise<string> {
  const { context, state, now, pl, licensor, keyBlob, rightsData, notes } = known
  const account = await findLicensee(known, licensee)
  const { policy, rights: policySource } = currentPolicy(known, rightsData, now)
  const identity = await identityOfAccount(account, context.directory)
  const rights = requireRights(policy, identity, account, state, now)
  const parts = { good: { pl, licensor }, open: { keyBlob }, rights, policySource, account }
  const { ul, guid } = await issueLicense(parts, { state, random: context.random, now })
  notes.metadata.issued = [...((notes.metadata.issued as readonly string[] | undefined) ?? []), guid]
  notes.issued.push(ul)
  return ul
}

/** Leaf licenses one for one with the licensees; the chain they have in common comes once. */
function answer({ results, state }: Call & { results: readonly (string | RmsException)[] }): { answer: Markup } {
  const licenses = results.map((result, index) =>
    element('Certificate', {}, typeof result === 'string' ? xmlNode(result) : exceptionElement('AcquirePreLicenseException', result, index)),
  )
  const response = element(
    'AcquirePreLicenseResponse',
    {},
    element('Licenses', {}, licenses),
    xmlNodes('CertificateChain', state.own.chain.map((document) => document.text)),
    element('ReferenceCertificates'),
  )
  return { answer: element('AcquirePreLicenseResult', {}, response) }
}
