/** Cluster URLs as people give them. */

/** Without /_wmcs and slashes at the end, which some write and some do not. */
export function withoutPath(url: string): string {
  return url.replace(/(?:\/_wmcs)?\/*$/i, '')
}
