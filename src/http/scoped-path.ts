/** Paths of scopes: `/f/NAME` stands before the paths of a forest of its own. */

export interface ScopedPath {
  /** As it stands there. */
  readonly name: string
  /** Path and query behind it; begins with a slash. */
  readonly rest: string
}

/** @param target path and query @returns undefined for a path of no scope */
export function scopedPath(target: string): ScopedPath | undefined {
  const [, name, path = '', query = ''] = /^\/f(?:\/([^/?]*)(\/[^?]*)?)?(\?.*)?$/is.exec(target) ?? []
  return name === undefined ? undefined : { name, rest: `${path === '' ? '/' : path}${query}` }
}

/**
 * Where the paths of a cluster begin: what stands in its URLs before `/_wmcs`. Of a URL without that, what stands before the path, or the scope.
 * @param url of http or https
 */
export function siteOf(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${/^(.*?)\/_wmcs(?:\/|$)/i.exec(pathname)?.[1] ?? /^\/f\/[^/]+/i.exec(pathname)?.[0] ?? ''}`
}
