/** Connects to the REST services of a cluster: the steps of the Mobile Device Extension's clients, from the challenge to the decrypted file. */
import { requireBytes } from '../config/given-options.js'
import { systemClock } from '../effects.js'
import { readPl } from '../xrml/pl.js'
import { decryptRightsData } from '../xrml/rights-data.js'
import { requireRestOptions } from './connect-options.js'
import { step } from './context.js'
import { decryptFile, readProtectedFile } from './open-file.js'
import { readPlChain } from './pl-chain.js'
import { protectBytes } from './protect-file.js'
import { remembered } from './remembered.js'
import { readLicense, readPublished, readServices, readTemplates } from './rest-answers.js'
import { readReply, sendRest, type RestCallContext, type RestReply, type RestRequest } from './rest-caller.js'
import { publishBody } from './rest-request.js'
import { readChallenge, signInByPassword } from './rest-token.js'
import type { RestClient, RestLicense, RestOptions, RestServices } from './rest-types.js'
import { baseUrlOf } from './service-url.js'
import { siteOf } from '../http/scoped-path.js'
import { trustingFetch } from './trusting-fetch.js'
import { readable, verifyLinks } from './verify.js'

/**
 * Nothing is called yet.
 * @throws RangeError when the URL is not an http or https address, OptionRefused for an option that is unknown or has an impossible value
 */
export function connectRest(options: RestOptions): RestClient {
  requireRestOptions(options)
  const { user = '', password = '', clock = systemClock, onStep } = options
  const baseUrl = baseUrlOf(options.url)
  const { hostname } = new URL(baseUrl)
  const context: RestCallContext = {
    userAgent: options.userAgent ?? 'rms-emulator client',
    languages: options.languages ?? 'en',
    timeoutMilliseconds: options.timeoutMilliseconds ?? 30_000,
    fetch: trustingFetch(options.ca),
  }
  const timed = <Result>(name: string, work: () => Promise<Result>): Promise<Result> =>
    step({ clock, onStep }, name, work)
  const mayHavePassword = [hostname, ...(options.signInHosts ?? [])]
  let token = options.token

  /** As its challenge says; a token that is no longer accepted is got anew, once. */
  const call = async (name: string, request: RestRequest): Promise<unknown> => {
    const send = (): Promise<RestReply> =>
      step({ clock, onStep }, name, async (note) => {
        const reply = await sendRest(request, token, context)
        note({ server: reply.origin.server })
        return reply
      })
    const first = await send()
    if (first.status !== 401 || options.token !== undefined) return readReply(request.url, first)
    const challenge = readChallenge(request.url, first.challenge)
    token = await timed('sign in', () =>
      signInByPassword(challenge, { user, password, hosts: mayHavePassword }, context),
    )
    return readReply(request.url, await send())
  }

  const discover = async (query: string, headers: Readonly<Record<string, string>> = {}): Promise<RestServices> => {
    const url = `${siteOf(baseUrl)}/my/v2/servicediscovery?${query}`
    return readServices(await call('ServiceDiscovery', { url, headers }), url)
  }
  const services = remembered(() => discover(user.includes('@') ? `email=${encodeURIComponent(user)}` : ''))
  const serviceUrl = async (name: string): Promise<string> => (await services()).get(name) ?? ''

  const client: RestClient = {
    discover: (licensingUrl) =>
      licensingUrl === undefined
        ? services()
        : discover(`service=${encodeURIComponent(licensingUrl)}`, { 'x-ms-rms-service-url': licensingUrl }),
    async templates() {
      const url = await serviceUrl('Templates')
      return readTemplates(await call('Templates', { url }), url)
    },
    async publish(policy, publishOptions = {}) {
      const body = publishBody(policy, publishOptions)
      const url = await serviceUrl('PublishingLicenses')
      return readPublished(await call('PublishingLicenses', { url, body }), url)
    },
    async acquireLicense(pl) {
      const [leaf] = verifyLinks(readPlChain(pl), 'PL')
      const { licensingUrl, encryptedRightsData } = readable('PL', () => readPl(leaf as NonNullable<typeof leaf>))
      // The password is not sent where a file says: the cluster is asked where the services for it are.
      const found = licensingUrl === undefined ? await services() : await client.discover(licensingUrl)
      const url = found.get('EndUserLicenses') ?? ''
      const bytes = typeof pl === 'string' ? Buffer.from(pl, 'utf8') : Buffer.from(pl)
      const answer = await call('EndUserLicenses', {
        url,
        body: { SerializedPublishingLicense: bytes.toString('base64') },
      })
      const license = readLicense(answer, url, user)
      readable('end user license', () => decryptRightsData(encryptedRightsData, license.contentKey.key))
      return license
    },
    async protectFile(plain, extension, policy, publishOptions = {}) {
      requireBytes('protectFile', plain)
      const published = await client.publish(policy, publishOptions)
      return timed('encrypt', async () => protectBytes(published, extension, plain))
    },
    async openFile(bytes) {
      requireBytes('openFile', bytes)
      const { pfile } = readProtectedFile(bytes)
      const license: RestLicense = await client.acquireLicense(pfile.publishingLicense)
      const plain = await timed('decrypt', async () => decryptFile(pfile, license.contentKey))
      return { plain, rights: license.rights, extension: pfile.extension }
    },
  }
  return client
}
