/** Somebody who did not ask: found by mail address or SID, with the public key of their account ([MS-RMSI] 3.5.4.1). */
import type { RsaPublicKey } from '../../crypto/keys.js'
import type { Account } from '../../directory/directory.js'
import { refuse } from '../../exceptions.js'
import { readXml } from '../../xml/read.js'
import { element } from '../../xml/write.js'
import { readPrincipal, type Principal } from '../../xrml/body.js'
import { objectElement, publicKeyElement } from '../../xrml/elements.js'
import { accountObject } from '../certification/account-certificate.js'
import { accountKeyPair } from '../certification/account-key.js'
import type { Call } from '../context.js'

/** The principal that the licensee's RAC has, or will have: the key pair is made when there is none yet. */
export async function findLicensee({ context, state }: Call, licensee: string): Promise<Principal> {
  const { directory } = context
  const account = /^S-1-/i.test(licensee) ? await directory.accountBySid(licensee) : await directory.accountByMail(licensee)
  if (account?.mail === undefined) return refuse('AcquirePreLicenseInvalidLicensee', `"${licensee}" is nobody with a mail address in the directory`)
  const { publicKey } = await accountKeyPair(context, state, account.sid)
  return principalOf(account, publicKey)
}

function principalOf(account: Account, publicKey: RsaPublicKey): Principal {
  const principal = readPrincipal(readXml(element('PRINCIPAL', {}, objectElement(accountObject(account)), publicKeyElement(publicKey))))
  return principal as Principal
}
