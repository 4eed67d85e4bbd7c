/** AcquireLicense: use licenses for protected content, one or a batch ([MS-RMPR] 3.4.4.1). */
import { readXmlNodesOf, xmlNodes } from '../soap/xml-node.js'
import { exceptionNames } from '../soap/fault.js'
import { child, childrenNamed, descend, type XmlElement } from '../xml/read.js'
import { element, type Markup } from '../xml/write.js'
import type { Principal } from '../xrml/body.js'
import type { XrmlDocument } from '../xrml/document.js'
import { readPl } from '../xrml/pl.js'
import { readRac } from '../xrml/rac.js'
import { call, type ClientContext, type RmsCall } from './context.js'
import { verifyLicense, type License } from './license.js'
import { SoapFault } from './soap-caller.js'
import { readable, readChain, VerificationFailed } from './verify.js'

/** The server refused one item of a batch; the others may have succeeded. */
export class LicenseRefused extends Error {
  override readonly name = 'LicenseRefused'
  /** The ExceptionString as it came. */
  readonly text: string
  /** The full name of the exception; undefined when the text names none. */
  readonly exceptionName: string | undefined
  constructor(text: string) {
    super(`The server refused: ${text}`)
    this.text = text
    this.exceptionName = exceptionNames(text)[0]
  }
}

/** What became of one item of a batch: a verified license, or why there is none. */
export type LicenseResult =
  | { readonly license: License; readonly error?: undefined }
  | { readonly license?: undefined; readonly error: LicenseRefused | VerificationFailed }

/** What the requester acts for: a RAC chain, its own or a precertified one. */
type Licensee = readonly XrmlDocument[]

/** A PL chain as it stands in the file, leaf first. */
type PlChain = readonly XrmlDocument[]

/**
 * @param licensingUrl folder of the server that the PL names
 * @throws SoapFault, CallFailed, VerificationFailed
 */
export async function acquireLicense(
  context: ClientContext,
  licensingUrl: string,
  licensee: Licensee,
  pl: PlChain,
): Promise<License> {
  const [result] = await request(context, licensingUrl, licensee, [pl])
  if (result?.license !== undefined) return result.license
  throw result?.error ?? new VerificationFailed(`UL from ${licensingUrl}`, 'the answer is empty')
}

/**
 * Several licenses in one call; what went wrong with an item stands in its place.
 * @throws SoapFault, CallFailed for the request as a whole
 */
export async function acquireLicenses(
  context: ClientContext,
  licensingUrl: string,
  licensee: Licensee,
  pls: readonly PlChain[],
): Promise<readonly LicenseResult[]> {
  if (pls.length === 0) return []
  return request(context, licensingUrl, licensee, pls).catch((error: unknown) => {
    // A batch of one is no batch: its refusal comes as a fault
    if (pls.length === 1 && error instanceof SoapFault && error.exceptionName !== undefined) {
      return [{ error: new LicenseRefused(error.text) }]
    }
    throw error
  })
}

/** 1.1.0.0 as maximum asks for batching, where errors come per item instead of as a fault. */
const batching = { minimum: '1.0.0.0', maximum: '1.1.0.0' }

async function request(
  context: ClientContext,
  licensingUrl: string,
  licensee: Licensee,
  pls: readonly PlChain[],
): Promise<readonly LicenseResult[]> {
  const asked = acquireLicenseCall(licensingUrl, licensee, pls)
  const answer = await call(context, asked)
  const responses = childrenNamed(descend(answer, 'AcquireLicenseResult'), 'AcquireLicenseResponse')
  const account = accountOf(licensee)
  return pls.map((pl, index) => resultOf(context, responses[index], account, pl, `UL from ${asked.url}`))
}

/** The request alone. */
export function acquireLicenseCall(licensingUrl: string, licensee: Licensee, pls: readonly PlChain[]): RmsCall {
  return {
    url: `${licensingUrl}/license.asmx`,
    service: 'licensing',
    operation: 'AcquireLicense',
    content: [
      element(
        'RequestParams',
        {},
        pls.map((pl) => parameters(licensee, pl)),
      ),
    ],
    ...(pls.length > 1 ? { versions: batching } : {}),
  }
}

function parameters(licensee: Licensee, pl: PlChain): Markup {
  return element(
    'AcquireLicenseParams',
    {},
    xmlNodes(
      'LicenseeCerts',
      licensee.map((document) => document.text),
    ),
    xmlNodes(
      'IssuanceLicense',
      pl.map((document) => document.text),
    ),
    element('ApplicationData'),
  )
}

function accountOf([rac]: Licensee): Principal | undefined {
  return rac === undefined ? undefined : readable('RAC', () => readRac(rac).account)
}

function resultOf(
  context: ClientContext,
  response: XmlElement | undefined,
  account: Principal | undefined,
  pl: PlChain,
  what: string,
): LicenseResult {
  const refused = readRefusal(child(response, 'CertificateChain'))
  if (refused !== undefined) return { error: refused }
  try {
    const documents = readChain(readXmlNodesOf(response, 'CertificateChain'), 'UL', what)
    return { license: verifyLicense(documents, { contentId: contentIdOf(pl), account }, context.trustRoots, what) }
  } catch (error) {
    if (error instanceof VerificationFailed) return { error }
    throw error
  }
}

/** The AcquireLicenseException or AcquirePreLicenseException in a chain or Certificate; its namespace is not known ([MS-RMPR] 3.4.4.1.3.5). */
export function readRefusal(holder: XmlElement | undefined): LicenseRefused | undefined {
  const inside = [holder, ...childrenNamed(holder, 'Certificate')].flatMap((candidate) => candidate?.children ?? [])
  const exception = inside.find(
    ({ name }) => name === 'AcquireLicenseException' || name === 'AcquirePreLicenseException',
  )
  return exception === undefined
    ? undefined
    : new LicenseRefused(child(exception, 'ExceptionString')?.text.trim() ?? '')
}

/** The content id of a PL chain; undefined when its WORK has none. */
export function contentIdOf([pl]: PlChain): ReturnType<typeof readPl>['contentId'] {
  if (pl === undefined) throw new VerificationFailed('PL', 'the chain is empty')
  return readable('PL', () => readPl(pl).contentId)
}
