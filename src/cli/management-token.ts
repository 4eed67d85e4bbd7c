/**
 * Where the token of a running installation is kept for the commands of the same account on this machine: in a temporary folder of its process, which
 * nobody else reads, with the address that it is for.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, readlinkSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { isOwnRegular, privateFolders } from '../installation/private-folder.js'

export interface KeptToken {
  readonly token: string
  readonly place: Place
}

/** Who listens at an address is one process: among those of one network namespace. */
interface Place {
  readonly network: string
  readonly host: string
  readonly port: number
}

export const tokenFileName = 'management.json'
const loopback = ['127.0.0.1', 'localhost', '[::1]']
const anywhere = ['0.0.0.0', '[::]']
/** Bytes: a token and an address. */
const longestFile = 64 * 1024

/** @param manage management address */
export function placeOf(manage: string): Place {
  const { hostname: host, port, protocol } = new URL(manage)
  return { network: networkNamespace(), host, port: Number(port === '' ? (protocol === 'https:' ? 443 : 80) : port) }
}

/** The token that an installation of this account at this address keeps; undefined when there is none. Another account's file does not count. */
export function findToken(manage: string): string | undefined {
  const { network, host, port } = placeOf(manage)
  const kept = keptTokens().filter(({ place }) => place.network === network && place.port === port)
  // Whoever listens at all addresses listens at those of this machine: a token of it goes to no other one.
  const hosts = [host, ...(loopback.includes(host) ? loopback : []), ...(isOfThisMachine(host) ? anywhere : [])]
  return hosts.flatMap((wanted) => kept.filter(({ place }) => place.host === wanted))[0]?.token
}

/** @param host as it stands in a URL */
function isOfThisMachine(host: string): boolean {
  if ([...loopback, ...anywhere, hostname().toLowerCase()].includes(host)) return true
  if (/^127\.\d+\.\d+\.\d+$/.test(host)) return true
  const addresses = Object.values(networkInterfaces()).flatMap((found = []) => found)
  return addresses.some(({ address }) => address === host || `[${address}]` === host)
}

/** Management addresses of the installations of this account that keep a token, the latest first; they may have been killed. */
export function keptAddresses(): readonly string[] {
  const network = networkNamespace()
  return keptTokens()
    .filter(({ place }) => place.network === network)
    .map(({ place }) => `http://${anywhere.includes(place.host) ? '127.0.0.1' : place.host}:${place.port}`)
}

/** The latest first: one before it at the same address was killed. */
function keptTokens(): readonly KeptToken[] {
  return privateFolders()
    .flatMap((folder) => readKept(join(folder, tokenFileName)))
    .toSorted((one, other) => other.written - one.written)
    .map(({ kept }) => kept)
}

function readKept(path: string): readonly { readonly kept: KeptToken; readonly written: number }[] {
  let file: number | undefined
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
    const facts = fstatSync(file)
    if (!isOwnRegular(facts) || facts.size > longestFile) return []
    return [{ kept: JSON.parse(readFileSync(file, 'utf8')) as KeptToken, written: facts.mtimeMs }]
  } catch {
    return []
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Containers and namespaces have the same addresses, each for itself. */
function networkNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/net')
  } catch {
    return ''
  }
}
