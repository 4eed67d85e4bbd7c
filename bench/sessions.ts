/** Accounts with a RAC and published content, made at a running node before anything is timed, and the requests they are for. */
import { connect, readyMachine, type Account, type Published } from '../src/client/index.js'
import { namespaces } from '../src/client/namespaces.js'
import type { CryptoMode } from '../src/crypto/modes.js'
import { seedPassword } from '../src/directory/seed.js'
import { contentType, writeEnvelope } from '../src/soap/envelope.js'
import { soapAction } from '../src/soap/schema.js'
import { plainVersions, versionDataHeader } from '../src/soap/version-data.js'
import { xmlNodes } from '../src/soap/xml-node.js'
import { element } from '../src/xml/write.js'
import type { LoadRequest } from './load.js'
import type { Bench } from './question.js'

export interface Sessions {
  readonly accounts: readonly Account[]
  readonly published: readonly Published[]
}

/** @param url of a node whose directory has the accounts */
export async function makeSessions(url: string, mode: CryptoMode, { size, progress, signal }: Bench): Promise<Sessions> {
  const machine = readyMachine(`alice-pc-mode${mode}`)
  const clientOf = (index: number) => connect({ url, user: `bench-${index + 1}@contoso.test`, password: seedPassword, machine, mode })
  progress(`Mode ${mode}: ${size.users} account certificates`)
  const accounts: Account[] = []
  for (let index = 0; index < size.users; index++) {
    signal.throwIfAborted()
    accounts.push(await clientOf(index).certify())
  }
  const author = connect({ url, user: 'alice@contoso.test', password: seedPassword, machine, mode })
  progress(`Mode ${mode}: ${size.pls} publishing licenses`)
  const published: Published[] = []
  for (let index = 0; index < size.pls; index++) {
    signal.throwIfAborted()
    published.push(await author.publish({ rights: [{ to: 'staff@contoso.test', rights: ['VIEW', 'EDIT', 'PRINT'] }] }))
  }
  await requireOpenable(url, mode, { accounts, published })
  return { accounts, published }
}

/** One license is looked at as a client does it: signatures, chain, and the key inside. The load only counts. */
async function requireOpenable(url: string, mode: CryptoMode, { accounts, published }: Sessions): Promise<void> {
  const [account, content] = [accounts[0], published[0]]
  if (account === undefined || content === undefined) throw new RangeError('At least one account and one publishing license are needed')
  const reader = connect({ url, user: account.mail, password: seedPassword, machine: readyMachine(`alice-pc-mode${mode}`), mode })
  await reader.certify()
  await reader.open(await reader.acquireLicense(content.text), content.text)
}

/** AcquireLicense ([MS-RMPR] 3.4.4.1), as src/client sends it, with a password as HTTP Basic. */
export function licenseRequest({ chain, mail }: Account, { pl }: Published): LoadRequest {
  const namespace = namespaces.licensing
  const params = element(
    'AcquireLicenseParams',
    {},
    xmlNodes('LicenseeCerts', chain.map((document) => document.text)),
    xmlNodes('IssuanceLicense', pl.map((document) => document.text)),
    element('ApplicationData'),
  )
  const body = element('AcquireLicense', { xmlns: namespace }, element('RequestParams', {}, params))
  return {
    method: 'POST',
    path: '/_wmcs/licensing/license.asmx',
    headers: {
      'Content-Type': contentType('1.1'),
      SOAPAction: `"${soapAction({ namespace }, 'AcquireLicense')}"`,
      Authorization: `Basic ${Buffer.from(`${mail}:${seedPassword}`, 'utf8').toString('base64')}`,
    },
    body: writeEnvelope('1.1', versionDataHeader(namespace, plainVersions), body),
  }
}
