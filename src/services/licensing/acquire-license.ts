/** AcquireLicense: use licenses for the holder of a RAC, one or, from version 1.1.0.0 on, a batch ([MS-RMPR] 3.4.4.1). */
import type { ServerState } from '../../cluster/server-state.js'
import { RmsException, refuse } from '../../exceptions.js'
import { compareVersions } from '../../soap/version-data.js'
import { certificates, readXmlNodes } from '../../soap/xml-node.js'
import { child, childrenNamed, innerText, type XmlElement } from '../../xml/read.js'
import { element, type Markup } from '../../xml/write.js'
import { securityLevel } from '../../xrml/body.js'
import type { XrmlDocument } from '../../xrml/document.js'
import type { Rac } from '../../xrml/rac.js'
import type { RightsData } from '../../xrml/rights-data.js'
import { addSeconds, formatTime, parseTime } from '../../xrml/times.js'
import type { UlRight } from '../../xrml/ul.js'
import { describe, operation, type Call } from '../context.js'
import { accountCertificateLimits, readChain } from '../read-documents.js'
import { requireInService } from '../standing.js'
import { walk } from '../steps.js'
import { requireGoodAccountCertificate } from './account-certificate.js'
import { withForeignGroups } from './foreign-groups.js'
import { currentPolicy, identityOfAccount, issueLicense, requireRights } from './issue-license.js'
import { exceptionElement, licenseItems, noteIssued, type ItemResult } from './items.js'
import { licensingService } from './messages.js'
import { plReader, type OpenedPl, type PlReader } from './pl-reader.js'
import { requirePlValidity, type GoodPl } from './publishing-license.js'

/** Windows takes a hundred requests in a batch, and 100 KiB of application data (product note 41). */
const longestBatch = 100
const applicationDataBytes = 102_400

/** One request of a batch: its own parameters, and the PL that counts for it. */
interface Item {
  readonly params: XmlElement
  /** IssuanceLicense of this request, or the last one before it. */
  readonly issuanceLicense: XmlElement | undefined
}

type ItemCall = Call & Item & { readonly pls: PlReader }

/** The table of one license. */
const licenseSteps = walk<ItemCall>()
  .step('parse', parse)
  .step('verify account', ({ racChain, state, now, notes }) =>
    noteAccount(requireGoodAccountCertificate(racChain, state, now), notes),
  )
  .step('verify PL', ({ pls, issuanceLicense }) => pls.verify(issuanceLicense).then((good) => ({ good })))
  .step('times', requireTimes)
  .step('open PL', ({ pls, good }) => pls.open(good))
  .step('decide rights', decide)
  .step('build and sign', build)

export const acquireLicense = {
  ...operation(
    describe(licensingService, 'AcquireLicense'),
    walk<Call>()
      .step('batch', readBatch)
      .step('in service', requireInService)
      .step('license', licenseEach)
      .step('answer', answer),
  ),
  steps: ['batch', 'in service', ...licenseSteps.names, 'license', 'answer'],
}

function readBatch({ request, versions, notes }: Call): { batch: readonly Item[] } {
  const all = childrenNamed(child(request, 'RequestParams'), 'AcquireLicenseParams')
  if (all.length === 0) refuse('ArgumentNull', 'RequestParams has no AcquireLicenseParams')
  if (all.length > 1 && compareVersions(versions.maximum, '1.1.0.0') < 0) {
    refuse(
      'UnspecifiedError',
      `${all.length} requests in a batch need MaximumVersion 1.1.0.0, it is ${versions.maximum}`,
      {
        rule: 'a batch is of version 1.1.0.0 or higher',
        wanted: 'MaximumVersion 1.1.0.0',
        found: `MaximumVersion ${versions.maximum}, ${all.length} requests`,
      },
    )
  }
  if (all.length > longestBatch)
    refuse('UnspecifiedError', `there are ${all.length} requests in the batch, at most ${longestBatch} are taken`)
  notes.metadata.requests = all.length
  let latest: XmlElement | undefined
  const batch = all.map((params) => {
    const own = child(params, 'IssuanceLicense')
    if (readXmlNodes(own).length > 0) latest = own
    return { params, issuanceLicense: latest }
  })
  return { batch }
}

/** In a batch one bad request fails alone; a single one is answered by a fault. */
async function licenseEach(call: Call & { batch: readonly Item[] }): Promise<{ results: readonly ItemResult[] }> {
  const { context, observer, batch, notes, state } = call
  const watch = { monotonic: () => context.clock.monotonic(), observer }
  const pls = plReader(state)
  const licenseOne = async (item: Item): Promise<string> =>
    (await licenseSteps.run({ ...call, ...item, pls }, watch)).ul
  const [only] = batch
  if (only !== undefined && batch.length === 1) return { results: [await licenseOne(only)] }
  return { results: await licenseItems(batch, notes, licenseOne) }
}

function parse({ params }: Item): { racChain: readonly XrmlDocument[] } {
  const applicationData = child(params, 'ApplicationData')
  const bytes = applicationData === undefined ? 0 : Buffer.byteLength(innerText(applicationData))
  if (bytes > applicationDataBytes)
    refuse('UnspecifiedError', `ApplicationData has ${bytes} bytes, at most ${applicationDataBytes} are taken`)
  return { racChain: readChain(child(params, 'LicenseeCerts'), accountCertificateLimits, 'UnexpectedPersonaCert') }
}

function noteAccount(rac: Rac, notes: Call['notes']): { rac: Rac } {
  notes.account = rac.account.object?.name ?? rac.account.object?.id ?? ''
  return { rac }
}

function requireTimes({ good, rac, state, now }: { good: GoodPl; rac: Rac; state: ServerState; now: Date }): void {
  const { pl } = good
  requirePlValidity(pl, now)
  const stated =
    securityLevel(rac.account, 'Credential-Creation-Time') ?? securityLevel(rac.account, 'CredentialCreationTime')
  const created = parseTime(stated)
  if (stated === undefined) return
  if (created === undefined)
    refuse('UnexpectedPersonaCert', `the creation time of the account, "${stated}", cannot be read`)
  const limit = addSeconds(pl.issuedTime ?? now, state.configuration.creationTimeToleranceSeconds)
  if (created > limit)
    refuse(
      'CredentialCreationTime',
      `the account was created ${formatTime(created)}, the content allows until ${formatTime(limit)}`,
      {
        rule: 'the account was there when the content was published',
        wanted: `created before ${formatTime(limit)}`,
        found: `created ${formatTime(created)}`,
      },
    )
}

async function decide(
  known: ItemCall & OpenedPl & { good: GoodPl; rac: Rac },
): Promise<{ rights: readonly UlRight[]; policySource: RightsData }> {
  const { good, rac, rightsData, state, now, context } = known
  const { policy, rights: policySource } = currentPolicy(good, rightsData, { state, now })
  const own = await identityOfAccount(rac.account, rac.issuer.publicKey?.modulus, {
    state,
    directory: context.directory,
  })
  const identity = await withForeignGroups(own, policy, rac.account, known)
  return { policySource, rights: requireRights(policy, identity, rac.account, state, now) }
}

async function build(
  known: ItemCall & OpenedPl & { good: GoodPl; rac: Rac; rights: readonly UlRight[]; policySource: RightsData },
): Promise<{ ul: string }> {
  const { good, rac, keyBlob, rights, policySource, state, now, context, notes } = known
  const parts = { good, open: { keyBlob }, rights, policySource, account: rac.account }
  const { ul, guid } = await issueLicense(parts, { state, random: context.random, now })
  noteIssued(notes, guid, ul)
  notes.metadata.content = good.pl.contentId?.id ?? ''
  return { ul }
}

function answer({ results, state }: Call & { results: readonly ItemResult[] }): { answer: Markup } {
  const issuers = issuersMarkup(state)
  const responses = results.map((result, index) =>
    element(
      'AcquireLicenseResponse',
      {},
      result instanceof RmsException
        ? failure(result, index)
        : element('CertificateChain', {}, certificates([result]), issuers),
      element('ReferenceCertificates'),
    ),
  )
  return { answer: element('AcquireLicenseResult', {}, responses) }
}

/** The same in every answer of a state. */
function issuersMarkup({ issuing }: ServerState): Markup {
  const before = issuersWritten.get(issuing.chain)
  if (before !== undefined) return before
  const written = certificates(issuing.chain.map((document) => document.text))
  issuersWritten.set(issuing.chain, written)
  return written
}

const issuersWritten = new WeakMap<readonly XrmlDocument[], Markup>()

function failure(exception: RmsException, index: number): Markup {
  return element(
    'CertificateChain',
    {},
    element('Certificate', {}, exceptionElement('AcquireLicenseException', exception, index)),
  )
}
