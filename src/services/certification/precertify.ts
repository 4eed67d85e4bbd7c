/** Precertify: the public part of an account's RAC, for whoever will acquire a license for it ([MS-RMSI] 3.3.4.1). */
import type { RsaPrivateKey } from '../../crypto/keys.js'
import type { Account } from '../../directory/directory.js'
import { refuse } from '../../exceptions.js'
import { xmlNode } from '../../soap/xml-node.js'
import { child, childrenNamed, type XmlElement } from '../../xml/read.js'
import { element, type Markup } from '../../xml/write.js'
import { issued } from '../../xrml/issuing.js'
import { buildRac } from '../../xrml/rac.js'
import { describe, operation, type Call } from '../context.js'
import { requireInService } from '../standing.js'
import { walk } from '../steps.js'
import { mailOf, racFields } from './account-certificate.js'
import { accountKeyPair } from './account-key.js'
import { precertificationService } from './messages.js'

interface Wanted {
  readonly userName: string | undefined
  readonly sid: string | undefined
}

export const precertify = operation(
  describe(precertificationService, 'Precertify'),
  walk<Call>()
    .step('arguments', requireArguments)
    .step('in service', requireInService)
    .step('one entry', requireOne)
    .step('identify', identify)
    .step('account key', async ({ context, state, account }) => ({
      key: await accountKeyPair(context, state, account.sid),
    }))
    .step('build and sign', buildCertificate)
    .step('answer', ({ certificate }) => ({ answer: answerOf(certificate) })),
)

function requireArguments({ request }: Call): { entries: readonly Wanted[] } {
  const array = child(request, 'requestParams')
  if (array === undefined) return refuse('ArgumentNull', 'requestParams is missing')
  return { entries: childrenNamed(array, 'PrecertifyParams').map(wantedIn) }
}

function wantedIn(params: XmlElement): Wanted {
  const identification = child(params, 'Identification')
  const userName = child(params, 'UserName')?.text.trim() || undefined
  const sid = child(identification, 'Id')?.text.trim() || undefined
  if (userName === undefined && identification === undefined)
    return refuse('ArgumentNull', 'neither UserName nor Identification is given')
  if (
    identification !== undefined &&
    (sid === undefined || child(identification, 'AuthenticationMode')?.text !== 'Windows')
  ) {
    return refuse('ArgumentNull', 'Identification needs AuthenticationMode Windows and an Id')
  }
  return { userName, sid }
}

function requireOne({ entries }: { entries: readonly Wanted[] }): Wanted {
  const [only] = entries
  return only === undefined || entries.length > 1
    ? refuse('DrmsArgument', `there are ${entries.length} PrecertifyParams, exactly one is taken`)
    : only
}

async function identify({ userName, sid, context }: Call & Wanted): Promise<{ account: Account }> {
  const byMail = userName === undefined ? undefined : await context.directory.accountByMail(userName)
  const bySid = sid === undefined ? undefined : await context.directory.accountBySid(sid)
  if (userName !== undefined && sid !== undefined && byMail?.sid !== bySid?.sid) {
    return refuse('UnauthorizedAccess', `UserName ${userName} and Id ${sid} are not the same user`)
  }
  const account = byMail ?? bySid
  return account === undefined
    ? refuse('ADEntrySearchFailed', `there is no account ${userName ?? sid} in the directory`, {
        rule: 'the account is in the directory',
        wanted: userName ?? sid ?? '',
        found: 'nobody',
        about: { kind: 'account', asked: userName ?? sid ?? '' },
      })
    : { account }
}

async function buildCertificate(
  call: Call & { account: Account; key: RsaPrivateKey },
): Promise<{ certificate: string }> {
  const { account, key, state, notes } = call
  notes.account = mailOf(account)
  const { issuing, rules } = state
  const fields = racFields(call, account, key.publicKey, 'Persistent')
  const certificate = await issued(issuing, buildRac(fields, issuing.signer, rules.hash))
  notes.issued.push(certificate)
  return { certificate }
}

function answerOf(certificate: string): Markup {
  return element(
    'PrecertifyResult',
    {},
    element('PrecertifyResponse', {}, element('Certificate', {}, xmlNode(certificate))),
  )
}
