/** The DNS name of a forest, as people give it. */

/** Of a fully qualified name in Active Directory. */
const longestForestName = 64

/**
 * @returns why there can be no forest of this name, for people; undefined when there can
 */
export function forestNameProblem(name: string): string | undefined {
  const such = 'such as fabrikam.test'
  if (name.length > longestForestName)
    return `must have at most ${longestForestName} characters, as a domain of Active Directory; this has ${name.length}`
  const labels = name.split('.')
  if (!labels.every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(label)))
    return `must be a DNS name, ${such}: letters, digits and hyphens, with dots between`
  const [first = '', ...others] = labels
  if (others.length === 0) return `must be a DNS name of two parts or more, ${such}`
  if (/^\d+$/.test(labels.at(-1) ?? '')) return `must be a DNS name, ${such}, and no address`
  if (/^\d+$/.test(first)) return `must begin with a part that is no number, ${such}: accounts are called by it`
  return undefined
}
