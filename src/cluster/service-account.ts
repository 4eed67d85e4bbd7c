/** The account under which servers call each other: in the directory, like everybody else. */
import type { Directory } from '../directory/directory.js'

export interface ServiceAccount {
  readonly user: string
  readonly password: string
}

const serviceAccountName = 'rms-service'

/** The account is not there, or disabled: an administrator can mend that. */
export class NoServiceAccount extends Error {
  override readonly name = 'NoServiceAccount'
  constructor() {
    super(
      `The directory has no enabled account ${serviceAccountName}, which servers call each other with: enable it, or create it again and put it into the RMS Service Group`,
    )
  }
}

/** @throws NoServiceAccount */
export async function serviceAccount(directory: Directory): Promise<ServiceAccount> {
  const account = await directory.accountByName(serviceAccountName)
  const password = account === undefined ? undefined : await directory.passwordOf(account.sid)
  if (account === undefined || password === undefined) throw new NoServiceAccount()
  return { user: account.name, password }
}
