/** Content that licenses are issued for by hand: a new one, or one whose license was given. */
import { readPlChain } from '../../client/pl-chain.js'
import { prepareContent } from '../../client/prepare-content.js'
import { verifyTemplate } from '../../client/acquire-templates.js'
import { findTemplate, NoSuchTemplate } from '../../client/find-template.js'
import type { RightsPolicy } from '../../client/rights-policy.js'
import { VerificationFailed } from '../../client/verify.js'
import type { ServerState } from '../../cluster/server-state.js'
import type { Account } from '../../directory/directory.js'
import type { Clock } from '../../effects.js'
import { RmsException } from '../../exceptions.js'
import { LabInputError } from '../../lab/input-error.js'
import { accountObject } from '../../services/certification/account-certificate.js'
import { readXml } from '../../xml/read.js'
import { readObject, type RmsObject } from '../../xrml/body.js'
import type { XrmlDocument } from '../../xrml/document.js'
import { objectElement } from '../../xrml/elements.js'
import { buildUnsignedPl } from '../../xrml/pl.js'
import { problem } from '../problem.js'
import type { IssueOrder } from './issue-wanted.js'
import type { IssuingOffice } from './issuing-office.js'

interface Content {
  /** That is to license it. */
  readonly cluster: ServerState
  readonly order: IssueOrder
  readonly owner: Account
}

/**
 * As a client prepares it for a server to sign.
 * @throws LabInputError for rights that cannot be written and templates that are not there; Problem 409 when the owner has no mail address
 */
export function unsignedLicense(
  { office, clock }: { readonly office: Pick<IssuingOffice, 'random'>; readonly clock: Clock },
  { cluster, order, owner }: Content,
): { readonly unsigned: string; readonly contentId: string } {
  const { principal: server, chain: slcChain } = cluster.own
  try {
    const policy = policyOf(order, cluster)
    const prepared = prepareContent(
      { clock, random: office.random },
      { owner: objectOf(owner), server, slcChain, policy },
    )
    return { unsigned: buildUnsignedPl(prepared.fields), contentId: prepared.contentId }
  } catch (error) {
    if (error instanceof RangeError || error instanceof NoSuchTemplate || error instanceof VerificationFailed)
      throw new LabInputError(error.message)
    throw error
  }
}

/** Without rights and template everybody may read it. */
function policyOf({ rights, anyRight, template }: IssueOrder, { own }: ServerState): RightsPolicy {
  if (template === undefined)
    return { rights: rights ?? [{ to: 'ANYONE', rights: ['VIEW'] }], ...(anyRight === undefined ? {} : { anyRight }) }
  const all = own.templates.map(({ text }) => verifyTemplate(text, own.chain))
  return { template: findTemplate(all, template).text }
}

function objectOf(owner: Account): RmsObject {
  try {
    const object = readObject(readXml(objectElement(accountObject(owner))))
    if (object !== undefined) return object
  } catch (error) {
    if (error instanceof RmsException) return problem(409, `${owner.name} cannot be the author: ${error.why}`)
    throw error
  }
  return problem(409, `${owner.name} cannot be the author`)
}

/**
 * @param text of a PL with its chain, or base64 of it
 * @throws LabInputError when it is none
 */
export function givenLicense(text: string): readonly XrmlDocument[] {
  try {
    return readPlChain(text)
  } catch (error) {
    if (error instanceof VerificationFailed)
      throw new LabInputError(`"license" is no publishing license: ${error.message}`)
    throw error
  }
}
