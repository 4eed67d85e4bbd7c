/** What Certify and Precertify have in common: the account's mail address, and the fields of its certificate ([MS-RMPR] 3.3.4.1). */
import type { RsaPublicKey } from '../../crypto/keys.js'
import type { Account } from '../../directory/directory.js'
import { newGuid } from '../../effects.js'
import { refuse } from '../../exceptions.js'
import { racValidity, type CredentialType } from '../../policy/validity.js'
import type { ObjectFields } from '../../xrml/elements.js'
import type { RacFields } from '../../xrml/rac.js'
import { toMinute } from '../../xrml/times.js'
import type { Call } from '../context.js'
import { certificationUrl, extranetCertificationUrl } from '../standing.js'

/** Enough of RFC 5322 to tell an address from something else. */
const mailForm = /^[^\s@"<>()[\],;:\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/

/** GetEmailAddressForAccount: a certificate must carry an address ([MS-RMPR] 3.1.4.1). */
export function mailOf(account: Account): string {
  if (account.mail === undefined)
    return refuse('ADEntrySearchFailed', `${account.name} has no mail address in the directory`, {
      rule: 'the account has a mail address',
      wanted: `a mail address of ${account.name}`,
      found: 'none',
      about: { kind: 'account', asked: account.name },
    })
  if (!mailForm.test(account.mail))
    return refuse('VerifyEmailAddressFailed', `the mail address of ${account.name} is "${account.mail}"`, {
      rule: 'the mail address of the account can stand in a certificate',
      wanted: 'name@domain, without brackets, quotes and commas',
      found: account.mail,
    })
  return account.mail
}

/** The OBJECT that stands for the account in everything issued to it. */
export function accountObject(account: Account): ObjectFields {
  return { type: 'Group-Identity', idType: 'Windows', id: account.sid, name: mailOf(account) }
}

/** All fields of the certificate but the machine's part. */
export function racFields(
  call: Pick<Call, 'context' | 'state' | 'now'>,
  account: Account,
  publicKey: RsaPublicKey,
  type: CredentialType,
): RacFields {
  const { context, state, now } = call
  return {
    guid: newGuid(context.random),
    issuedTime: toMinute(now),
    validity: racValidity(state.configuration, type, now),
    issuer: state.issuing.principal,
    certificationUrl: certificationUrl(state),
    extranetCertificationUrl: extranetCertificationUrl(state),
    account: accountObject(account),
    publicKey,
    credentialType: type,
  }
}
