/** The account under which servers call each other: in the directory, like everybody else. */
import type { Directory } from '../directory/directory.js'

export interface ServiceAccount {
  readonly user: string
  readonly password: string
}

const serviceAccountName = 'rms-service'

/** @throws Error when the directory has no such account, or it is disabled */
export async function serviceAccount(directory: Directory): Promise<ServiceAccount> {
  const account = await directory.accountByName(serviceAccountName)
  const password = account === undefined ? undefined : await directory.passwordOf(account.sid)
  if (account === undefined || password === undefined)
    throw new Error(`The directory has no enabled account ${serviceAccountName}, which servers call each other with`)
  return { user: account.name, password }
}
