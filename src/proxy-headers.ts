/** Headers that proxies write into what they pass on, and clients do not: by them it is known that the other side of a connection is no client. */

const names = new Set([
  'forwarded',
  'via',
  'x-real-ip',
  'x-client-ip',
  'client-ip',
  'true-client-ip',
  'x-cluster-client-ip',
  'x-original-host',
  'x-original-forwarded-for',
  'x-originating-ip',
  'x-remote-ip',
  'x-remote-addr',
  'x-proxyuser-ip',
  'front-end-https',
  'x-arr-log-id',
  'x-arr-ssl',
  'x-envoy-external-address',
  'x-appengine-user-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
  'cdn-loop',
  'x-azure-clientip',
  'x-azure-socketip',
  // A balancer like ours that cannot show its key.
  'x-balancer-listener',
  'x-balancer-key',
  'x-balancer-connection',
])

/** @param name in lower case */
export function showsProxy(name: string): boolean {
  return names.has(name) || name.startsWith('x-forwarded-')
}
