/** AcquirePreLicense: use licenses for people by mail address, before they ask ([MS-RMSI] 3.5.4.1). */
import { RmsException, refuse } from '../../exceptions.js'
import { xmlNode, xmlNodes } from '../../soap/xml-node.js'
import { child, childrenNamed, type XmlElement } from '../../xml/read.js'
import { element, type Markup } from '../../xml/write.js'
import { describe, operation, type Call } from '../context.js'
import { requireInService } from '../standing.js'
import { walk } from '../steps.js'
import { withForeignGroups } from './foreign-groups.js'
import { currentPolicy, identityOfAccount, issueLicense, requireRights } from './issue-license.js'
import { exceptionElement, licenseItems, noteIssued, type ItemResult } from './items.js'
import { findLicensee } from './licensee.js'
import { licensingService } from './messages.js'
import { plReader, type OpenedPl } from './pl-reader.js'
import { openPl, requirePlValidity, type GoodPl } from './publishing-license.js'

/** Nobody writes to more people at once; bounds the work of one request. */
const mostLicensees = 1000

type Known = Call & OpenedPl & { readonly good: GoodPl; readonly licensees: readonly string[] }

export const acquirePreLicense = operation(
  describe(licensingService, 'AcquirePreLicense'),
  walk<Call>()
    .step('parse', parse)
    .step('in service', requireInService)
    .step('verify PL', ({ state, issuanceLicense }) =>
      plReader(state)
        .verify(issuanceLicense)
        .then((good) => ({ good })),
    )
    .step('times', ({ good, now }) => requirePlValidity(good.pl, now))
    .step('open PL', ({ good }) => openPl(good))
    .step('license', (known: Known) =>
      licenseItems(known.licensees, known.notes, (licensee) => licenseOne(known, licensee)).then((results) => ({
        results,
      })),
    )
    .step('answer', answer),
)

function parse({ request, notes }: Call): { issuanceLicense: XmlElement; licensees: readonly string[] } {
  const all = childrenNamed(child(request, 'RequestParams'), 'AcquirePreLicenseParams')
  const [params] = all
  if (params === undefined) return refuse('ArgumentNull', 'RequestParams has no AcquirePreLicenseParams')
  if (all.length > 1) return refuse('UnspecifiedError', `there are ${all.length} AcquirePreLicenseParams, one is taken`)
  const licensees = childrenNamed(child(params, 'LicenseeIdentities'), 'string').map((identity) => identity.text.trim())
  const issuanceLicense = child(params, 'IssuanceLicense')
  if (licensees.length === 0) return refuse('ArgumentNull', 'LicenseeIdentities is missing or empty')
  if (issuanceLicense === undefined) return refuse('ArgumentNull', 'IssuanceLicense is missing')
  if (licensees.length > mostLicensees)
    return refuse('UnspecifiedError', `there are ${licensees.length} licensees, at most ${mostLicensees} are taken`)
  notes.metadata.requests = licensees.length
  return { issuanceLicense, licensees }
}

async function licenseOne(known: Known, licensee: string): Promise<string> {
  const { context, state, now, good, keyBlob, rightsData, notes } = known
  const account = await findLicensee(known, licensee)
  const { policy, rights: policySource } = currentPolicy(good, rightsData, { state, now })
  // Whether found here or certified by the root: it is an account of our own forest.
  const own = await identityOfAccount(account, state.homeRacIssuer, { state, directory: context.directory })
  const identity = await withForeignGroups(own, policy, account, known)
  const rights = requireRights(policy, identity, account, state, now)
  const { ul, guid } = await issueLicense(
    { good, open: { keyBlob }, rights, policySource, account },
    { state, random: context.random, now },
  )
  noteIssued(notes, guid, ul)
  return ul
}

/** Leaf licenses one for one with the licensees; the chain they have in common comes once. */
function answer({ results, state }: Call & { results: readonly ItemResult[] }): { answer: Markup } {
  const licenses = results.map((result, index) =>
    element(
      'Certificate',
      {},
      result instanceof RmsException ? exceptionElement('AcquirePreLicenseException', result, index) : xmlNode(result),
    ),
  )
  const response = element(
    'AcquirePreLicenseResponse',
    {},
    element('Licenses', {}, licenses),
    xmlNodes(
      'CertificateChain',
      state.issuing.chain.map((document) => document.text),
    ),
    element('ReferenceCertificates'),
  )
  return { answer: element('AcquirePreLicenseResult', {}, response) }
}
