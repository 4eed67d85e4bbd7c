/** Proxies that are believed, by their addresses. */
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { unmapped } from './client-address.js'

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
    const plain = unmapped(address.replace(/%.*$/, ''))
    return addresses.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6')
  }
}

/** Bits of a prefix that an IPv4 address in IPv6 form begins with. */
const mappedBits = 96

function add(addresses: BlockList, item: string): void {
  const [, written = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(item) ?? []
  const address = unmapped(written)
  const type = isIPv4(address) ? 'ipv4' : isIPv6(address) && !address.includes('%') ? 'ipv6' : undefined
  const most = type === 'ipv4' ? 32 : 128
  const prefix = Number(bits ?? 128) - (address === written ? 0 : mappedBits)
  if (type === undefined || prefix < 0 || (bits !== undefined && prefix > most))
    throw new RangeError(`"${item}" is neither an address nor a range such as 10.0.0.0/8`)
  if (bits === undefined) addresses.addAddress(address, type)
  else addresses.addSubnet(address, prefix, type)
}
