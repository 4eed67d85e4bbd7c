/** Proxies that are believed, by their addresses. */
import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** Whether a peer with this address is believed. */
export type TrustedProxies = (address: string | undefined) => boolean

export const nobodyTrusted: TrustedProxies = () => false

/**
 * @param list addresses and ranges in CIDR notation, with commas between them: `10.0.0.0/8,fd00::/8,192.0.2.7`
 * @throws RangeError, with the part that is none
 */
export function trustedProxiesOf(list: string): TrustedProxies {
  const addresses = new BlockList()
  for (const item of list.split(',').map((part) => part.trim())) add(addresses, item)
  return (address) => {
    if (address === undefined) return false
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
    return addresses.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6')
  }
}

function add(addresses: BlockList, item: string): void {
  const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(item) ?? []
  const type = isIPv4(address) ? 'ipv4' : isIPv6(address) && !address.includes('%') ? 'ipv6' : undefined
  const most = type === 'ipv4' ? 32 : 128
  if (type === undefined || Number(prefix ?? most) > most)
    throw new RangeError(`"${item}" is neither an address nor a range such as 10.0.0.0/8`)
  if (prefix === undefined) addresses.addAddress(address, type)
  else addresses.addSubnet(address, Number(prefix), type)
}
