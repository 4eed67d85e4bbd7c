/** Names of scopes, and their paths. A name stands in addresses, and in every certificate and license of the scope: there is one way to write each. */
import { problem } from '../../administration/problem.js'

const longest = 63

/** @throws Problem 400 with the nearest name that can be one */
export function requireScopeName(name: string): void {
  if (new RegExp(`^[a-z0-9][a-z0-9_-]{0,${longest - 1}}$`).test(name)) return
  problem(
    400,
    `"${name.slice(0, 100)}" is no name of a scope: that has 1 to ${longest} characters of a-z, 0-9, - and _, and begins with a letter or a digit, such as "${nearestScopeName(name)}"`,
  )
}

function nearestScopeName(name: string): string {
  const like = decoded(name)
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^[-_]+/, '')
    .slice(0, longest)
    .replace(/-+$/, '')
  return like === '' ? 'suite-a' : like
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

/**
 * Whether a path is one that clients begin with. Whoever asks for another path of a scope that is not there makes none.
 * @param rest path and query inside of a scope
 */
export function isOfService(rest: string): boolean {
  return /^\/(?:_wmcs|my|adfs)(?:[/?]|$)/i.test(rest)
}
