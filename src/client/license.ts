/** A use license that has been verified ([MS-RMPR] 2.2.9.9). */
import { isSameId, isSamePrincipal, readObject, type Principal, type RmsObject } from '../xrml/body.js'
import type { XrmlDocument } from '../xrml/document.js'
import type { TrustRoot } from '../xrml/lab-hierarchy.js'
import { readUl, type Ul } from '../xrml/ul.js'
import { child } from '../xml/read.js'
import { readable, verifyChainToRoot, VerificationFailed } from './verify.js'

/** A use license with its chain, verified; not yet opened. */
export interface License {
  readonly ul: Ul
  /** UL and the certificates above it, leaf first. */
  readonly chain: readonly XrmlDocument[]
}

/** What a license has been asked for. */
export interface Expected {
  /** OBJECT of the PL's WORK; undefined when the PL has none. */
  readonly contentId: RmsObject | undefined
  /** Principal of the RAC; undefined when it is not known, as in prelicensing. */
  readonly account?: Principal | undefined
}

/**
 * A license is accepted when its chain leads to the root and it is for the content and the account it was asked for.
 * @param documents UL chain, leaf first
 * @throws VerificationFailed
 */
export function verifyLicense(
  documents: readonly XrmlDocument[],
  expected: Expected,
  trustRoots: readonly TrustRoot[],
  what = 'UL',
): License {
  const chain = verifyChainToRoot(documents, trustRoots, what)
  const ul = readable(what, () => readUl(chain[0] as XrmlDocument))
  if (expected.account !== undefined && !isSamePrincipal(ul.account, expected.account)) {
    const name = ul.account.object?.name ?? ul.account.object?.id
    throw new VerificationFailed(what, `it is for the account "${name}", another one or another key of it`)
  }
  const contentId = readObject(child(ul.document.body.work, 'OBJECT'))
  if (expected.contentId !== undefined && !isSameId(contentId, expected.contentId)) {
    throw new VerificationFailed(
      what,
      `it is for the content "${contentId?.id}", asked for was "${expected.contentId.id}"`,
    )
  }
  return { ul, chain }
}
