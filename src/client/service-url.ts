/** Addresses of services, in the forms people and servers give them ([MS-RMPR] 3.1.4.2). */

/**
 * The base URL of a cluster, `http://rms/_wmcs`, from any address of it: of the server, of a service folder or of an `.asmx` file.
 * @throws RangeError
 */
export function baseUrlOf(address: string): string {
  return folderUrlOf(address).replace(/\/(certification|licensing)(external)?$/i, '')
}

/** The folder of a service from the folder's or a file's address, without slash at the end. The bare address of a server, or of a scope, gets `/_wmcs`. */
export function folderUrlOf(address: string): string {
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
    throw new RangeError(
      `"${address}" is not the http or https address of an RMS cluster, such as http://rms.contoso.test/_wmcs`,
    )
  }
  const { origin, pathname } = new URL(address)
  const path = pathname.replace(/\/[^/]*\.asmx$/i, '').replace(/\/+$/, '')
  return `${origin}${path}${/^(?:\/f\/[^/]+)?$/i.test(path) ? '/_wmcs' : ''}`
}

/**
 * Whether two addresses of services lead to the same place: scheme, host and path without regard to case (Windows writes `Certification`), the usual
 * port told or not, with or without a slash at the end. False where one of them is none, or no URL.
 */
export function sameServiceUrl(one: string | null | undefined, other: string | null | undefined): boolean {
  const place = placeOf(one)
  return place !== undefined && place === placeOf(other)
}

function placeOf(address: string | null | undefined): string | undefined {
  if (!URL.canParse(address ?? '')) return undefined
  const { protocol, host, pathname, search } = new URL(address ?? '')
  return `${protocol}//${host}${pathname.toLowerCase().replace(/\/+$/, '')}${search}`
}

/** A license is acquired where the publishing license says; the address comes from whoever made the file. */
export class ForeignLicensingServer extends Error {
  override readonly name = 'ForeignLicensingServer'
  readonly url: string
  constructor(url: string) {
    super(
      `The publishing license sends its readers to ${url}, a host this client has not been told of. ` +
        'Your password would be sent there: name the host in `licensingHosts` if that is right.',
    )
    this.url = url
  }
}

/**
 * Where to acquire a use license.
 * @param named the License-Acquisition-URL of the PL; undefined when it has none
 * @param known addresses and host names that the user's password may be sent to; the first is used when the PL names none
 * @throws ForeignLicensingServer, RangeError
 */
export function acquisitionUrl(named: string | undefined, own: string, known: readonly string[]): string {
  if (named === undefined) return own
  const url = folderUrlOf(named)
  const hosts = [own, ...known].map(hostOf)
  if (!hosts.includes(hostOf(url))) throw new ForeignLicensingServer(url)
  return url
}

function hostOf(address: string): string {
  return URL.canParse(address) && address.includes('://') ? new URL(address).hostname : address.toLowerCase()
}
