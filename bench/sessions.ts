/** Accounts with a RAC and published content, made at a running node before anything is timed. */
import { connect, readyMachine, type Account, type Published } from '../src/client/index.js'
import type { CryptoMode } from '../src/crypto/modes.js'
import { seedPassword } from '../src/directory/seed.js'
import type { Bench } from './question.js'

export interface Sessions {
  readonly accounts: readonly Account[]
  readonly published: readonly Published[]
}

/** @param url of a node whose directory has the accounts */
export async function makeAccounts(
  url: string,
  mode: CryptoMode,
  { size, progress, signal }: Bench,
): Promise<readonly Account[]> {
  const machine = readyMachine(`alice-pc-mode${mode}`)
  progress(`Mode ${mode}: ${size.users} account certificates`)
  const accounts: Account[] = []
  for (let index = 0; index < size.users; index++) {
    signal.throwIfAborted()
    accounts.push(
      await connect({ url, user: `bench-${index + 1}@contoso.test`, password: seedPassword, machine, mode }).certify(),
    )
  }
  return accounts
}

/** @param url of a node whose directory has the accounts */
export async function makeSessions(url: string, mode: CryptoMode, bench: Bench): Promise<Sessions> {
  const { size, progress, signal } = bench
  const accounts = await makeAccounts(url, mode, bench)
  const machine = readyMachine(`alice-pc-mode${mode}`)
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
  if (account === undefined || content === undefined)
    throw new RangeError('At least one account and one publishing license are needed')
  const reader = connect({
    url,
    user: account.mail,
    password: seedPassword,
    machine: readyMachine(`alice-pc-mode${mode}`),
    mode,
  })
  await reader.certify()
  await reader.open(await reader.acquireLicense(content.text), content.text)
}
