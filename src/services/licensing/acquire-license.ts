/** AcquireLicense: use licenses for the holder of a RAC, one or, from version 1.1.0.0 on, a batch ([MS-RMPR] 3.4.4.1). */
import type { ServerState } from '../../cluster/server-state.js'
import { RmsException, refuse } from '../../exceptions.js'
import type { Policy } from '../../policy/rights.js'
import { compareVersions } from '../../soap/version-data.js'
import { xmlNode, xmlNodes } from '../../soap/xml-node.js'
import { child, childrenNamed, innerText, type XmlElement } from '../../xml/read.js'
import { element, text, type Markup } from '../../xml/write.js'
import { securityLevel } from '../../xrml/body.js'
import type { XrmlDocument } from '../../xrml/document.js'
import type { Pl } from '../../xrml/pl.js'
import type { Rac } from '../../xrml/rac.js'
import type { RightsData } from '../../xrml/rights-data.js'
import { addSeconds, formatTime, isWithin, parseTime } from '../../xrml/times.js'
import type { UlRight } from '../../xrml/ul.js'
import { describe, operation, type Call } from '../context.js'
import { accountCertificateLimits, publishingLicenseLimits, readChain } from '../read-documents.js'
import { requireInService } from '../standing.js'
import { walk } from '../steps.js'
import { requireGoodAccountCertificate } from './account-certificate.js'
import { currentPolicy, identityOfAccount, issueLicense, requireRights } from './issue-license.js'
import { licensingNamespace, licensingService } from './messages.js'
import { openContentKey, openRightsData, requireGoodPl, type GoodPl, type PlExceptions } from './publishing-license.js'

/** Windows takes a hundred requests in a batch, and 100 KiB of application data (product note 41). */
const longestBatch = 100
const applicationDataBytes = 102_400

export const plExceptions: PlExceptions = { signature: 'InvalidRightsLabelSignature', otherServer: 'RightsLabelNoMatchingIssuedPrincipal' }
export const sealExceptions = { hash: 'UnspecifiedError', des: 'UnspecifiedError', other: 'UnspecifiedError' } as const

/** One request of a batch: its own parameters, and the PL that counts for it. */
interface Item extends Call {
  readonly params: XmlElement
  /** IssuanceLicense of this request, or the last one before it. */
  readonly issuanceLicense: XmlElement | undefined
}

/** The table of one license. */
const licenseSteps = walk<Item>()
  .step('parse', parse)
  .step('verify account', ({ racChain, state, now, notes }) => noteAccount(requireGoodAccountCertificate(racChain, state, now), notes))
  .step('verify PL', ({ plChain, state }) => requireGoodPl(plChain, state, plExceptions))
  .step('times', requireTimes)
  .step('open PL', openPl)
  .step('decide rights', decide)
  .step('build and sign', build)

export const acquireLicense = {
  ...operation(
    describe(licensingService, 'AcquireLicense'),
    walk<Call>().step('in service', requireInService).step('batch', readBatch).step('license', licenseEach).step('answer', answer),
  ),
  steps: ['in service', 'batch', ...licenseSteps.names, 'answer'],
}

function readBatch({ request, versions, notes }: Call): { batch: readonly Pick<Item, 'params' | 'issuanceLicense'>[] } {
  const array = child(request, 'RequestParams')
  const all = childrenNamed(array, 'AcquireLicenseParams')
  if (all.length === 0) refuse('ArgumentNull', 'RequestParams has no AcquireLicenseParams')
  if (all.length > 1 && compareVersions(versions.maximum, '1.1.0.0') < 0) {
    refuse('UnspecifiedError', `${all.length} requests in a batch need MaximumVersion 1.1.0.0, it is ${versions.maximum}`)
  }
  if (all.length > longestBatch) refuse('UnspecifiedError', `there are ${all.length} requests in the batch, at most ${longestBatch} are taken`)
  notes.metadata.requests = all.length
  let latest: XmlElement | undefined
  const batch = all.map((params) => {
    const own = child(params, 'IssuanceLicense')
    if (own !== undefined && own.children.length > 0) latest = own
    return { params, issuanceLicense: latest }
  })
  return { batch }
}

/** In a batch one bad request fails alone; a single one is answered by a fault. */
async function licenseEach(call: Call & { batch: readonly Pick<Item, 'params' | 'issuanceLicense'>[] }): Promise<{ results: readonly (string | RmsException)[] }> {
  const { context, observer, batch } = call
  const watch = { monotonic: () => context.clock.monotonic(), observer }
  const results: (string | RmsException)[] = []
  for (const item of batch) {
    try {
      results.push((await licenseSteps.run({ ...call, ...item }, watch)).ul)
    } catch (error) {
      if (!(error instanceof RmsException) || batch.length === 1) throw error
      results.push(error)
    }
  }
  return { results }
}

function parse({ params, issuanceLicense }: Item): { racChain: readonly XrmlDocument[]; plChain: readonly XrmlDocument[] } {
  const applicationData = child(params, 'ApplicationData')
  const bytes = applicationData === undefined ? 0 : Buffer.byteLength(innerText(applicationData))
  if (bytes > applicationDataBytes) refuse('UnspecifiedError', `ApplicationData has ${bytes} bytes, at most ${applicationDataBytes} are taken`)
  const racChain = readChain(child(params, 'LicenseeCerts'), accountCertificateLimits, 'UnexpectedPersonaCert')
  const plChain = readChain(issuanceLicense, publishingLicenseLimits, 'InvalidRightsLabelSignature')
  return { racChain, plChain }
}

function noteAccount(rac: Rac, notes: Call['notes']): { rac: Rac } {
  notes.userAddress = rac.account.object?.name ?? rac.account.object?.id ?? ''
  return { rac }
}

function requireTimes({ pl, rac, state, now }: { pl: Pl; rac: Rac; state: ServerState; now: Date }): void {
  requirePlValidity(pl, now)
  const stated = securityLevel(rac.account, 'Credential-Creation-Time') ?? securityLevel(rac.account, 'CredentialCreationTime')
  const created = parseTime(stated)
  if (stated === undefined) return
  if (created === undefined) refuse('UnexpectedPersonaCert', `the creation time of the account, "${stated}", cannot be read`)
  const limit = addSeconds(pl.issuedTime ?? now, state.configuration.creationTimeToleranceSeconds)
  if (created > limit) refuse('CredentialCreationTime', `the account was created ${formatTime(created)}, the content allows until ${formatTime(limit)}`)
}

export function requirePlValidity({ validity }: Pl, now: Date): void {
  if (validity === undefined || isWithin(validity, now)) return
  refuse('IssuanceLicenseIsNotWithinValidTimeRange', `the PL is valid from ${formatTime(validity.from)} to ${formatTime(validity.until)}, it is ${formatTime(now)}`)
}

async function openPl(good: GoodPl): Promise<{ keyBlob: Buffer; rightsData: RightsData }> {
  const { contentKey, keyBlob } = await openContentKey(good, sealExceptions)
  return { keyBlob, rightsData: openRightsData(good.pl, contentKey, 'UnspecifiedError').rightsData }
}

async function decide(known: Item & GoodPl & { rac: Rac; rightsData: RightsData }): Promise<{ rights: readonly UlRight[]; policySource: RightsData; policy: Policy }> {
  const { rac, rightsData, state, now, context } = known
  const { policy, rights: policySource } = currentPolicy(known, rightsData, now)
  const identity = await identityOfAccount(rac.account, context.directory)
  return { policy, policySource, rights: requireRights(policy, identity, rac.account, state, now) }
}

async function build(known: Item & GoodPl & { rac: Rac; keyBlob: Buffer; rights: readonly UlRight[]; policySource: RightsData }): Promise<{ ul: string }> {
  const { pl, licensor, rac, keyBlob, rights, policySource, state, now, context, notes } = known
  const parts = { good: { pl, licensor }, open: { keyBlob }, rights, policySource, account: rac.account }
  const { ul, guid } = await issueLicense(parts, { state, random: context.random, now })
  notes.metadata.issued = [...((notes.metadata.issued as readonly string[] | undefined) ?? []), guid]
  notes.metadata.content = pl.contentId?.id ?? ''
  notes.issued.push(ul)
  return { ul }
}

function answer({ results, state }: Call & { results: readonly (string | RmsException)[] }): { answer: Markup } {
  const issuers = state.own.chain.map((document) => document.text)
  const responses = results.map((result, index) =>
    element(
      'AcquireLicenseResponse',
      {},
      typeof result === 'string' ? xmlNodes('CertificateChain', [result, ...issuers]) : failure('AcquireLicenseException', result, index),
      element('ReferenceCertificates'),
    ),
  )
  return { answer: element('AcquireLicenseResult', {}, responses) }
}

function failure(name: 'AcquireLicenseException', exception: RmsException, index: number): Markup {
  return element('CertificateChain', {}, element('Certificate', {}, exceptionElement(name, exception, index)))
}

/** One item's refusal ([MS-RMPR] 3.4.4.1.3.5, [MS-RMSI] 3.5.4.1.3.5); the index counts from zero, in the licensing namespace. */
export function exceptionElement(name: 'AcquireLicenseException' | 'AcquirePreLicenseException', exception: RmsException, index: number): Markup {
  return xmlNode(
    element(
      name,
      { xmlns: licensingNamespace },
      element('ExceptionString', {}, text(exception.faultString)),
      element('batchindex', {}, text(index)),
    ),
  )
}
