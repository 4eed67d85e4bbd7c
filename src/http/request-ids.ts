/** Names of requests: X-Request-Id of an answer, and by it the same request in log and request log. */

/** Ids of one server; together with its name they are unique, also across its restarts. */
export function requestIds(started: Date): () => string {
  const boot = started.getTime().toString(36)
  let count = 0
  return () => `${boot}-${++count}`
}

/**
 * What a client calls its request. It stands beside our own id and never in its place: two clients may choose the same.
 * @returns undefined when it names it not at all, or in other than 1 to 128 visible ASCII characters
 */
export function clientRequestId(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[\x21-\x7e]{1,128}$/.test(header) ? header : undefined
}
