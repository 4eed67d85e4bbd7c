/** EditIssuanceLicense: new rights for published content, which keeps its content key ([MS-RMSI] 3.4.4.1). */
import { refuse } from '../../exceptions.js'
import { readXmlNode, xmlNodes } from '../../soap/xml-node.js'
import { child, childrenNamed, outerText, type XmlElement } from '../../xml/read.js'
import { element, type Markup } from '../../xml/write.js'
import { readDocuments, type XrmlDocument } from '../../xrml/document.js'
import type { Pl } from '../../xrml/pl.js'
import { encryptRightsData } from '../../xrml/rights-data.js'
import { describe, operation, type Call } from '../context.js'
import {
  openContentKey,
  openRightsData,
  requireGoodPl,
  type GoodPl,
  type OpenPl,
} from '../licensing/publishing-license.js'
import {
  openUnsignedPl,
  readUnsignedPl,
  requireOnlinePublishing,
  requireOwnUnsignedPl,
} from '../publishing/unsigned-license.js'
import { signPublishingLicense } from '../publishing/sign-license.js'
import { publishingLicenseLimits, reading } from '../read-documents.js'
import { requireInService } from '../standing.js'
import { walk } from '../steps.js'
import { republishingService } from './messages.js'

const signedExceptions = {
  signature: 'InvalidSignedIssuanceLicense',
  otherServer: 'InvalidSignedIssuanceLicense',
} as const
const signedSealExceptions = {
  hash: 'InvalidSignedIssuanceLicense',
  des: 'InvalidSignedIssuanceLicense',
  other: 'InvalidSignedIssuanceLicense',
} as const

/** The author's opt-in, inside the rights data of the signed PL. */
const optIn = { name: 'Allow_Server_Editing', value: 'True' }

export const editIssuanceLicense = operation(
  describe(republishingService, 'EditIssuanceLicense'),
  walk<Call>()
    .step('parse', parse)
    .step('in service', requireInService)
    .step('online publishing', requireOnlinePublishing)
    .step('read PLs', readBoth)
    .step('verify PL', ({ signedChain, state }) => ({ published: requireGoodPl(signedChain, state, signedExceptions) }))
    .step('match server', ({ unsigned, state }) => ({ edited: requireOwnUnsignedPl(unsigned, state) }))
    .step('open PL', openBoth)
    .step('opt-in', requireOptIn)
    .step('build and sign', sign)
    .step('answer', ({ signed }) => ({ answer: answerOf(signed) })),
)

function parse({ request }: Call): { signedSource: string; unsignedHolder: XmlElement } {
  const all = childrenNamed(child(request, 'RequestParams'), 'EditIssuanceLicenseParams')
  const [params] = all
  if (params === undefined) return refuse('ArgumentNull', 'RequestParams has no EditIssuanceLicenseParams')
  if (all.length > 1)
    return refuse('UnspecifiedError', `there are ${all.length} EditIssuanceLicenseParams, one is taken`)
  const holder = child(params, 'SignedIssuanceLicense')
  const unsignedHolder = child(params, 'UnsignedIssuanceLicense')
  const signedSource = holder === undefined ? undefined : chainText(holder)
  if (signedSource === undefined) return refuse('ArgumentNull', 'SignedIssuanceLicense is missing or empty')
  if (unsignedHolder === undefined) return refuse('ArgumentNull', 'UnsignedIssuanceLicense is missing')
  return { signedSource, unsignedHolder }
}

function readBoth({ signedSource, unsignedHolder }: { signedSource: string; unsignedHolder: XmlElement }): {
  signedChain: readonly XrmlDocument[]
  unsigned: Pl
} {
  if (signedSource.length > publishingLicenseLimits.bytes)
    refuse('InvalidSignedIssuanceLicense', 'the signed PL is too large')
  return {
    signedChain: reading('InvalidSignedIssuanceLicense', () => readDocuments(signedSource)),
    unsigned: readUnsignedPl(unsignedHolder),
  }
}

/** The specification wants the leaf alone; a client-signed PL can only be checked with its CLC behind it, so that is taken too. */
function chainText(holder: XmlElement): string | undefined {
  return holder.children.length > 1 ? holder.children.map(outerText).join('') : readXmlNode(holder)
}

interface Both {
  readonly published: GoodPl
  readonly edited: GoodPl
  readonly publishedContent: OpenPl
  readonly editedContent: OpenPl
}

async function openBoth({
  published,
  edited,
  state,
}: Call & Pick<Both, 'published' | 'edited'>): Promise<Pick<Both, 'publishedContent' | 'editedContent'>> {
  const key = await openContentKey(published, signedSealExceptions)
  const publishedContent = { ...key, ...openRightsData(published.pl, key.contentKey, 'InvalidSignedIssuanceLicense') }
  return { publishedContent, editedContent: await openUnsignedPl(edited, state) }
}

function requireOptIn({ publishedContent }: Both): void {
  const allowed = publishedContent.rightsData.applicationData.some(
    ({ name, value }) => name === optIn.name && value.trim() === optIn.value,
  )
  if (allowed) return
  refuse('ServerRepublishIllegal', `the rights data has no ${optIn.name} = ${optIn.value}`, {
    rule: 'the author allowed that servers edit the rights',
    wanted: `${optIn.name} = ${optIn.value} in the rights data`,
    found: 'no such value',
  })
}

/** The new policy goes under the old content key. */
async function sign(known: Call & Both): Promise<{ signed: string }> {
  const { edited, editedContent, publishedContent, notes } = known
  const content = {
    keyBlob: publishedContent.keyBlob,
    encryptedRightsData: encryptRightsData(editedContent.rightsDataText, publishedContent.contentKey),
  }
  const signed = await signPublishingLicense(edited, content, known)
  notes.issued.push(signed)
  notes.metadata.content = edited.pl.contentId?.id ?? ''
  return { signed }
}

/** The leaf alone: the chain is left out on purpose. */
function answerOf(signed: string): Markup {
  const chain = xmlNodes('CertificateChain', [signed])
  return element('EditIssuanceLicenseResult', {}, element('EditIssuanceLicenseResponse', {}, chain))
}
