/** AcquireTemplateInformation and AcquireTemplates: the rights policy templates of a cluster ([MS-RMPR] 3.4.4.2, 3.4.4.3). */
import { publicKeyFromModulus, publicKeyToPkcs1 } from '../crypto/keys.js'
import { child, childrenNamed, descend, type XmlElement } from '../xml/read.js'
import { readOneDocument, type XrmlDocument } from '../xrml/document.js'
import { readDescriptorName, type TemplateText } from '../xrml/template.js'
import { arrayOfString } from './array-of-string.js'
import { call, type ClientContext, type RmsCall } from './context.js'
import type { LicensingServer } from './discover.js'
import { readable, verifyIssuedBy, VerificationFailed } from './verify.js'

/** A rights policy template, verified. */
export interface Template {
  readonly guid: string
  /** Base64 digest of its BODY: changes with every edit. */
  readonly hash: string
  /** As distributed, with its XML declaration: goes into rights data to the letter. */
  readonly text: string
  readonly document: XrmlDocument
  /** Name and description in each language. */
  readonly texts: readonly TemplateText[]
}

/** Servers answer at most that many GUIDs ([MS-RMPR] 3.4.4.3.3.1). */
const batchSize = 25

/** A template as it is listed. */
export interface TemplateInformation {
  readonly guid: string
  readonly hash: string
}

/**
 * Lists the templates without fetching them.
 * @throws SoapFault, CallFailed, VerificationFailed when the public key is not that of the SLC
 */
export async function acquireTemplateInformation(
  context: ClientContext,
  { licensingUrl, slcChain }: LicensingServer,
): Promise<readonly TemplateInformation[]> {
  const asked = templateInformationCall(licensingUrl)
  const answer = await call(context, asked)
  const result = descend(answer, 'AcquireTemplateInformationResult')
  const modulus = slcChain[0]?.body.issuedPrincipal?.publicKey?.modulus ?? ''
  if (child(result, 'ServerPublicKey')?.text.trim() !== publicKeyToPkcs1(publicKeyFromModulus(modulus))) {
    throw new VerificationFailed(
      `template information from ${asked.url}`,
      'its ServerPublicKey is not the key of the SLC',
    )
  }
  return childrenNamed(result, 'GuidHash').map((entry) => ({
    guid: textOf(entry, 'Guid'),
    hash: textOf(entry, 'Hash'),
  }))
}

/** The request alone. */
export function templateInformationCall(licensingUrl: string): RmsCall {
  return { url: templateUrl(licensingUrl), service: 'templates', operation: 'AcquireTemplateInformation' }
}

/**
 * Fetches all templates; those that are known and unchanged are not fetched again.
 * Every one must have been signed with the key of that server.
 * @throws SoapFault, CallFailed, VerificationFailed
 */
export async function acquireTemplates(
  context: ClientContext,
  licensing: LicensingServer,
  known: readonly Template[] = [],
): Promise<readonly Template[]> {
  const listed = await acquireTemplateInformation(context, licensing)
  const kept = known.filter((template) =>
    listed.some(({ guid, hash }) => guid === template.guid && hash === template.hash),
  )
  const missing = listed.filter(({ guid }) => !kept.some((template) => template.guid === guid))
  const fetched: Template[] = []
  for (let at = 0; at < missing.length; at += batchSize) {
    fetched.push(...(await fetchTemplates(context, licensing, missing.slice(at, at + batchSize))))
  }
  return [...kept, ...fetched]
}

async function fetchTemplates(
  context: ClientContext,
  { licensingUrl, slcChain }: LicensingServer,
  wanted: readonly TemplateInformation[],
): Promise<readonly Template[]> {
  const url = templateUrl(licensingUrl)
  const guids = arrayOfString(
    'guids',
    wanted.map(({ guid }) => guid),
  )
  const answer = await call(context, { url, service: 'templates', operation: 'AcquireTemplates', content: [guids] })
  const entries = childrenNamed(descend(answer, 'AcquireTemplatesResult'), 'GuidTemplate')
  // A template that was taken back between the two calls comes without text
  const answered = entries.filter((entry) => textOf(entry, 'Template') !== '')
  return answered.map((entry) => {
    const template = verifyTemplate(textOf(entry, 'Template'), slcChain, `template from ${url}`)
    if (template.guid.toLowerCase() !== textOf(entry, 'Guid').toLowerCase()) {
      throw new VerificationFailed(
        `template from ${url}`,
        `it is "${template.guid}", its entry says "${textOf(entry, 'Guid')}"`,
      )
    }
    return template
  })
}

/**
 * Reads a template and checks that the key of that server signed it.
 * @throws VerificationFailed
 */
export function verifyTemplate(text: string, slcChain: readonly XrmlDocument[], what = 'template'): Template {
  const document = readable(what, () => readOneDocument(text.replace(/^\uFEFF/, '')))
  if (document.kind !== 'template') throw new VerificationFailed(what, `it is a ${document.kind}, not a template`)
  const verified = verifyIssuedBy(slcChain, document, what)
  const guid = verified.body.descriptor?.id ?? ''
  const hash = childrenNamed(descend(verified.signature, 'DIGEST'), 'VALUE')[0]?.text.trim() ?? ''
  // Templates travel as escaped text, so no stack between us and the server can have printed them anew: the text stays
  return { guid, hash, text, document: verified, texts: readDescriptorName(verified.body.descriptor?.name ?? '') }
}

function templateUrl(licensingUrl: string): string {
  return `${licensingUrl}/templateDistribution.asmx`
}

function textOf(entry: XmlElement, name: string): string {
  return child(entry, name)?.text ?? ''
}
