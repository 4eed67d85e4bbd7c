/** Somebody who did not ask: found by mail address or SID, with the public key of their account ([MS-RMSI] 3.5.4.1, 1.3.4). */
import { serviceAccount } from '../../cluster/service-account.js'
import { callSoap, SoapFault } from '../../client/soap-caller.js'
import type { RsaPublicKey } from '../../crypto/keys.js'
import type { Account } from '../../directory/directory.js'
import { refuse, RmsException } from '../../exceptions.js'
import { readXmlNode } from '../../soap/xml-node.js'
import { descend, readXml } from '../../xml/read.js'
import { element, text } from '../../xml/write.js'
import { readPrincipal, type Principal } from '../../xrml/body.js'
import { readOneDocument, type XrmlDocument } from '../../xrml/document.js'
import { objectElement, publicKeyElement } from '../../xrml/elements.js'
import { accountObject } from '../certification/account-certificate.js'
import { accountKeyPair } from '../certification/account-key.js'
import { certificationNamespace } from '../certification/messages.js'
import type { Call } from '../context.js'
import { requireGoodAccountCertificate } from './account-certificate.js'

/** What these functions need of a call. */
type Asking = Pick<Call, 'context' | 'state' | 'now'>

/**
 * The principal that the licensee's RAC has, or will have: the key pair is made when there is none yet. Account keys are the root's business: a
 * licensing-only cluster asks it.
 */
export async function findLicensee(call: Asking, licensee: string): Promise<Principal> {
  const { directory } = call.context
  const account = /^S-1-/i.test(licensee)
    ? await directory.accountBySid(licensee)
    : await directory.accountByMail(licensee)
  if (account?.mail === undefined || !account.enabled)
    return refuse('AcquirePreLicenseInvalidLicensee', `"${licensee}" is nobody with a mail address in the directory`, {
      rule: 'the licensee is an account with a mail address',
      wanted: licensee,
      found:
        account === undefined
          ? 'nobody in the directory'
          : account.enabled
            ? `${account.name}, without a mail address`
            : `${account.name}, disabled`,
      about: { kind: 'account', asked: licensee },
    })
  if (call.state.kind === 'root')
    return principalOf(account, (await accountKeyPair(call.context, call.state, account.sid)).publicKey)
  return precertifiedAccount(call, account)
}

/** One that is kept may be of a key that the account has no more: then the root is asked once. */
async function precertifiedAccount(call: Asking, account: Account): Promise<Principal> {
  const { state, now, context } = call
  const known = context.precertified.get(account.sid, now)
  if (known !== undefined) {
    try {
      return requireGoodAccountCertificate([known], state, now).account
    } catch (error) {
      if (!(error instanceof RmsException)) throw error
      context.precertified.forget(account.sid)
    }
  }
  const certificate = await precertifyAtRoot(call, account)
  context.precertified.set(account.sid, certificate)
  return requireGoodAccountCertificate([certificate], state, now).account
}

function principalOf(account: Account, publicKey: RsaPublicKey): Principal {
  const principal = readPrincipal(
    readXml(element('PRINCIPAL', {}, objectElement(accountObject(account)), publicKeyElement(publicKey))),
  )
  return principal as Principal
}

async function precertifyAtRoot({ context, state }: Asking, account: Account): Promise<XrmlDocument> {
  const body = element(
    'Precertify',
    { xmlns: certificationNamespace },
    element('requestParams', {}, element('PrecertifyParams', {}, element('UserName', {}, text(account.mail ?? '')))),
  )
  try {
    const url = `${context.rootUrl === undefined ? state.certificationUrl : `${context.rootUrl}/_wmcs/certification`}/Precertification.asmx`
    const answer = await callSoap({
      url,
      namespace: certificationNamespace,
      operation: 'Precertify',
      body,
      credentials: await serviceAccount(context.directory),
    })
    const certificate = readXmlNode(descend(answer, 'PrecertifyResult', 'PrecertifyResponse', 'Certificate'))
    return certificate === undefined
      ? refuse('UnspecifiedError', 'the root answered without a certificate')
      : readOneDocument(certificate)
  } catch (error) {
    if (error instanceof SoapFault)
      return refuse('AcquirePreLicenseInvalidLicensee', `the root refused to precertify ${account.name}: ${error.text}`)
    return refuse(
      'UnspecifiedError',
      `the root could not be asked for the key of ${account.name}: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
