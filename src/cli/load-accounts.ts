/** Accounts that load comes from: those of the lab's directory, and more that management makes. */
import { seedPassword } from '../directory/seed.js'
import { callManagement, type ManagementSettings } from './management-call.js'

/** Of every new directory; the first one publishes. */
const labUsers = ['alice', 'bob', 'carol']

/** @param domain mail domain of the forest */
export function labAccountsOf(domain: string): readonly string[] {
  return labUsers.map((user) => `${user}@${domain}`)
}

/**
 * @returns mail addresses
 * @throws Failure when accounts must be made and management does not do it
 */
export async function loadAccounts(
  count: number,
  domain: string,
  management: ManagementSettings,
  progress: (text: string) => void,
): Promise<readonly string[]> {
  const labAccounts = labAccountsOf(domain)
  const mailOf = (user: string): string => `${user}@${domain}`
  if (count <= labAccounts.length) return labAccounts.slice(0, count)
  const users = Array.from({ length: count - labAccounts.length }, (_, index) => `load-${index + 1}`)
  const present = await presentNames(management)
  const missing = users.filter((user) => !present.has(user))
  for (const [index, user] of missing.entries()) {
    if (index % 20 === 0) progress(`Making ${missing.length} accounts: ${index}`)
    await callManagement(management, {
      method: 'POST',
      path: '/directory/accounts',
      body: { name: user, mail: mailOf(user), password: seedPassword },
    })
  }
  return [...labAccounts, ...users.map(mailOf)]
}

interface Page {
  readonly accounts: readonly { readonly name: string }[]
  readonly next: string | null
}

/** In lower case, without the domain. */
async function presentNames(management: ManagementSettings): Promise<ReadonlySet<string>> {
  const names = new Set<string>()
  let after: string | null = ''
  while (after !== null) {
    const from: string = after === '' ? '' : `&after=${encodeURIComponent(after)}`
    const page = (await callManagement(management, {
      method: 'GET',
      path: `/directory/accounts?limit=500${from}`,
    })) as Page
    for (const { name } of page.accounts) names.add(name.slice(name.indexOf('\\') + 1).toLowerCase())
    after = page.next
  }
  return names
}
