/** Precertify: the public part of an account's RAC, for whoever will acquire a license for it ([MS-RMSI] 3.3.4.1). */
import type { RsaPrivateKey } from '../../crypto/keys.js'
import type { Account } from '../../directory/directory.js'
import { refuse } from '../../exceptions.js'
import { xmlNode } from '../../soap/xml-node.js'
import { child, childrenNamed } from '../../xml/read.js'
import { element, type Markup } from '../../xml/write.js'
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
    .step('parse', parse)
    .step('in service', requireInService)
    .step('identify', identify)
    .step('account key', async ({ context, state, account }) => ({ key: await accountKeyPair(context, state, account.sid) }))
    .step('build and sign', buildCertificate)
    .step('answer', ({ certificate }) => ({ answer: answerOf(certificate) })),
)

function parse({ request }: Call): Wanted {
  const array = child(request, 'requestParams')
  if (array === undefined) return refuse('ArgumentNull', 'requestParams is missing')
  const params = childrenNamed(array, 'PrecertifyParams')
  const [only] = params
  if (only === undefined || params.length > 1) return refuse('DrmsArgument', `there are ${params.length} PrecertifyParams, exactly one is taken`)
  const identification = child(only, 'Identification')
  const userName = child(only, 'UserName')?.text.trim() || undefined
  const sid = child(identification, 'Id')?.text.trim() || undefined
  if (userName === undefined && identification === undefined) return refuse('ArgumentNull', 'neither UserName nor Identification is given')
  if (identification !== undefined && (sid === undefined || child(identification, 'AuthenticationMode')?.text.trim() !== 'Windows')) {
    return refuse('ArgumentNull', 'Identification needs AuthenticationMode Windows and an Id')
  }
  return { userName, sid }
}

async function identify({ userName, sid, context }: Call & Wanted): Promise<{ account: Account }> {
  const byMail = userName === undefined ? undefined : await context.directory.accountByMail(userName)
  const bySid = sid === undefined ? undefined : await context.directory.accountBySid(sid)
  if (userName !== undefined && sid !== undefined && byMail?.sid !== bySid?.sid) {
    return refuse('UnauthorizedAccess', `UserName ${userName} and Id ${sid} are not the same user`)
  }
  const account = byMail ?? bySid
  return account === undefined ? refuse('ADEntrySearchFailed', `there is no account ${userName ?? sid} in the directory`) : { account }
}

async function buildCertificate(call: Call & { account: Account; key: RsaPrivateKey }): Promise<{ certificate: string }> {
  const { account, key, state, notes } = call
  notes.userAddress = mailOf(account)
  const certificate = await buildRac(racFields(call, account, key.publicKey, 'Persistent'), state.own.signer, state.rules.hash)
  notes.issued.push(certificate)
  return { certificate }
}

function answerOf(certificate: string): Markup {
  return element('PrecertifyResult', {}, element('PrecertifyResponse', {}, element('Certificate', {}, xmlNode(certificate))))
}
