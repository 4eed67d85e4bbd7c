/** AcquireIssuanceLicense: publishing online, with a license that the server signs ([MS-RMPR] 3.5.4.1). */
import { readXmlNodesOf, xmlNode } from '../soap/xml-node.js'
import { descend } from '../xml/read.js'
import { element } from '../xml/write.js'
import { isSameId, isSamePrincipal } from '../xrml/body.js'
import { readOneDocument, type XrmlDocument } from '../xrml/document.js'
import { buildUnsignedPl, readPl } from '../xrml/pl.js'
import type { Account } from './account.js'
import { call, type ClientContext, type RmsCall } from './context.js'
import type { LicensingServer } from './discover.js'
import { prepareContent } from './prepare-content.js'
import { ownerOf, textOf, type Published, type PublishOptions } from './publish.js'
import type { RightsPolicy } from './rights-policy.js'
import { readable, readChain, verifyIssuedBy, VerificationFailed } from './verify.js'

/**
 * Publishes content with a license that the server signs.
 * @throws SoapFault, CallFailed, VerificationFailed, RangeError for rights that cannot be written
 */
export async function publishOnline(
  context: ClientContext,
  licensing: LicensingServer,
  account: Account,
  policy: RightsPolicy,
  options: PublishOptions = {},
): Promise<Published> {
  const { unsigned, contentKey, contentId } = prepareUnsigned(context, licensing, account, policy, options)
  const pl = [await acquireIssuanceLicense(context, licensing, unsigned)]
  return { pl, text: textOf(pl), contentId, contentKey }
}

/** Content with a license that nobody has signed yet. */
export function prepareUnsigned(
  context: ClientContext,
  { slcChain }: LicensingServer,
  account: Account,
  policy: RightsPolicy,
  { cipherMode }: PublishOptions = {},
): { readonly unsigned: string } & Pick<Published, 'contentKey' | 'contentId'> {
  const { fields, contentKey, contentId } = prepareContent(context, {
    owner: ownerOf(account),
    server: serverOf(slcChain),
    slcChain,
    policy,
    cipherMode,
  })
  return { unsigned: buildUnsignedPl(fields), contentKey, contentId }
}

/**
 * Has an unsigned PL signed.
 * @returns the signed PL, verified to be that server's and to say what the unsigned one said
 */
export async function acquireIssuanceLicense(
  context: ClientContext,
  { licensingUrl, slcChain }: LicensingServer,
  unsigned: string,
): Promise<XrmlDocument> {
  const asked = acquireIssuanceLicenseCall(licensingUrl, unsigned)
  const answer = await call(context, asked)
  const what = `PL from ${asked.url}`
  const result = descend(answer, 'AcquireIssuanceLicenseResult', 'AcquireIssuanceLicenseResponse')
  const [leaf] = readChain(readXmlNodesOf(result, 'CertificateChain'), 'PL', what)
  const signed = verifyIssuedBy(slcChain, leaf as XrmlDocument, what)
  checkSameContent(signed, unsigned, what)
  return signed
}

/** The request alone. */
export function acquireIssuanceLicenseCall(licensingUrl: string, unsigned: string): RmsCall {
  const parameters = element(
    'AcquireIssuanceLicenseParams',
    {},
    element('UnsignedIssuanceLicense', {}, xmlNode(unsigned)),
  )
  return {
    url: `${licensingUrl}/publish.asmx`,
    service: 'publishing',
    operation: 'AcquireIssuanceLicense',
    content: [element('RequestParams', {}, parameters)],
  }
}

/** @throws VerificationFailed when the signed PL is for other content or another server than the unsigned one */
export function checkSameContent(signed: XrmlDocument, unsigned: string, what: string): void {
  const [ours, theirs] = readable(what, () => [readPl(readOneDocument(unsigned)), readPl(signed)] as const)
  if (!isSameId(ours.contentId, theirs.contentId)) {
    throw new VerificationFailed(
      what,
      `it is for the content "${theirs.contentId?.id}", sent was "${ours.contentId?.id}"`,
    )
  }
  if (!isSamePrincipal(ours.server, theirs.server)) {
    throw new VerificationFailed(what, 'it names another server than the one it was made for')
  }
}

/** The server of an SLC chain. */
export function serverOf([slc]: readonly XrmlDocument[]): NonNullable<XrmlDocument['body']['issuedPrincipal']> {
  const server = slc?.body.issuedPrincipal
  if (server === undefined) throw new VerificationFailed('SLC', 'it names no server')
  return server
}
