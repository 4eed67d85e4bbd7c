/** PublishingLicenses: a content key and a publishing license that this server signs (rest-mde 6), by the steps of online publishing. */
import { prepareContent, type PreparedContent } from '../../client/prepare-content.js'
import type { RightsPolicy } from '../../client/rights-policy.js'
import { VerificationFailed } from '../../client/verify.js'
import { writeKeyBlob } from '../../crypto/content-key.js'
import { refuseRest } from '../../rest-exceptions.js'
import { applicationDataElement } from '../../xrml/rights-data.js'
import { MalformedXml } from '../../xml/read.js'
import { MalformedXrml } from '../../xrml/body.js'
import { buildUnsignedPl, readPl, type Pl } from '../../xrml/pl.js'
import { readOneDocument } from '../../xrml/document.js'
import { mailOf } from '../certification/account-certificate.js'
import { copiedOf, requireCopyable } from '../licensing/issue-license.js'
import { openRightsData } from '../licensing/publishing-license.js'
import { signPublishingLicense } from '../publishing/sign-license.js'
import { requireOnlinePublishing } from '../publishing/unsigned-license.js'
import { requireInService } from '../standing.js'
import { walk } from '../steps.js'
import { restPaths } from './addresses.js'
import { requireAdmittedClient } from './admission.js'
import { keyMember } from './key.js'
import { restOperation, type RestCall, type RestOperation } from './operation.js'
import { applicationData, plFacts } from './pl-facts.js'
import { pairsOf, requestedPolicy, type PublishRequest } from './requested-policy.js'
import { publishedContent, publishRequest } from './schemas.js'
import { serializeLicense } from './serialized-license.js'

type PublishCall = RestCall<PublishRequest>

export const publishingLicenses: RestOperation = restOperation(
  {
    name: 'PublishingLicenses',
    method: 'POST',
    path: restPaths.PublishingLicenses,
    about:
      'Publishes content by a template, by rights or by roles: gives the content key and the signed publishing license.',
    guardedAs: '/licensing/publish.asmx',
    schema: { body: publishRequest, answer: publishedContent },
  },
  walk<PublishCall>()
    .step('application', requireAdmittedClient)
    .step('in service', requireInService)
    .step('online publishing', requireOnlinePublishing)
    .step('mail address', ({ account, notes }) => noteOwner(mailOf(account), notes))
    .step('read policy', ({ body, state }) => ({ policy: requestedPolicy(body, state) }))
    .step('prepare content', prepare)
    .step('build and sign', sign)
    .step('answer', answer),
)

function noteOwner(owner: string, notes: RestCall['notes']): { owner: string } {
  notes.account = owner
  return { owner }
}

/** What a client does that publishes online: content key, policy encrypted under it, key sealed to this server. */
function prepare(known: PublishCall & { owner: string; policy: RightsPolicy }): {
  prepared: PreparedContent
  unsigned: Pl
} {
  const { context, state, body, owner, policy } = known
  const { principal, chain } = state.own
  try {
    const prepared = prepareContent(context, {
      owner: { type: 'Group-Identity', idType: 'Windows', id: '', name: owner, addresses: [], source: '' },
      server: principal,
      slcChain: chain,
      policy,
      cipherMode: body.PreferDeprecatedAlgorithms === true ? 'ECB' : 'CBC4K',
    })
    const rest = pairsOf(body.SignedApplicationData).map(({ name, value }) => applicationDataElement(name, value))
    const unsigned = readPl(readOneDocument(buildUnsignedPl({ ...prepared.fields, rest })))
    requireOpenable(prepared, unsigned)
    return { prepared, unsigned }
  } catch (error) {
    if ([RangeError, VerificationFailed, MalformedXml, MalformedXrml].some((kind) => error instanceof kind))
      return refuseRest('BadInput', (error as Error).message)
    throw error
  }
}

/** Names and values with characters that XML does not have would make content that nobody can open. */
function requireOpenable({ contentKey }: PreparedContent, unsigned: Pl): void {
  const { rightsData } = openRightsData(unsigned, contentKey.key, 'UnspecifiedError')
  requireCopyable(copiedOf(unsigned, rightsData))
}

async function sign(known: PublishCall & { prepared: PreparedContent; unsigned: Pl }): Promise<{ signed: string }> {
  const { prepared, unsigned, state, notes } = known
  const content = {
    keyBlob: writeKeyBlob(prepared.contentKey),
    encryptedRightsData: prepared.fields.encryptedRightsData,
  }
  const signed = await signPublishingLicense({ pl: unsigned, licensor: state.own }, content, known)
  notes.issued.push(signed)
  notes.metadata.content = prepared.contentId
  return { signed }
}

function answer(known: PublishCall & { owner: string; prepared: PreparedContent; unsigned: Pl; signed: string }): {
  answer: object
} {
  const { body, owner, prepared, unsigned, signed, languages } = known
  return {
    answer: {
      SerializedPublishingLicense: serializeLicense(signed),
      ...plFacts(unsigned, languages),
      Owner: owner,
      Key: keyMember(prepared.contentKey),
      SignedApplicationData: applicationData(unsigned.otherData),
      EncryptedApplicationData: body.Policy?.EncryptedApplicationData ?? null,
    },
  }
}
