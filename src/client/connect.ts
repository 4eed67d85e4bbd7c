/** A user at a cluster: holds machine and certificates, and makes them when they are first needed. */
import { requireBytes } from '../config/given-options.js'
import type { CryptoMode } from '../crypto/modes.js'
import { systemClock, systemRandom } from '../effects.js'
import { issueRange } from '../xrml/chain.js'
import type { XrmlDocument } from '../xrml/document.js'
import { labTrustRoot } from '../xrml/lab-hierarchy.js'
import { readPl } from '../xrml/pl.js'
import type { Account } from './account.js'
import { acquireContentKey } from './acquire-content-key.js'
import { publishOnline } from './acquire-issuance-license.js'
import { acquireLicense, acquireLicenses } from './acquire-license.js'
import { acquirePreLicense } from './acquire-pre-license.js'
import { acquireTemplates, type Template } from './acquire-templates.js'
import { certify } from './certify.js'
import { requireConnectOptions } from './connect-options.js'
import { anonymousFirst, openConnections } from './connections.js'
import { step, type ClientContext } from './context.js'
import { findServiceLocations, getLicensorCertificate, getServerInfo, type LicensingServer } from './discover.js'
import { editIssuanceLicense } from './edit-issuance-license.js'
import { findTemplate, isTemplateText } from './find-template.js'
import { getClientLicensorCert } from './get-client-licensor-cert.js'
import { load, save, type Kept } from './keep.js'
import type { License } from './license.js'
import { activate, modeOfKey } from './machine.js'
import { decryptFile, readProtectedFile } from './open-file.js'
import { openLicense, type OpenedLicense } from './open.js'
import { readPlChain } from './pl-chain.js'
import { requirePolicy, requireProtectOptions, requirePublishOptions } from './policy-options.js'
import { precertify } from './precertify.js'
import { protectBytes, protectChunks } from './protect-file.js'
import { publish } from './publish.js'
import type { Publisher } from './publisher.js'
import { remembered } from './remembered.js'
import { requireKnownRights, type RightsPolicy } from './rights-policy.js'
import type { ConnectOptions, RmsClient } from './rms-client.js'
import { acquisitionUrl, baseUrlOf, sameServiceUrl } from './service-url.js'
import { readable } from './verify.js'

/**
 * Nothing is called yet.
 * @throws OptionRefused, RangeError when the URL is not an http or https address
 */
export function connect(options: ConnectOptions): RmsClient {
  requireConnectOptions(options)
  const context = contextOf(options)
  const { clock, trustRoots } = context
  const { folder } = options
  const baseUrl = baseUrlOf(options.url)

  const kept = remembered(async (): Promise<Kept> => {
    const found = folder === undefined ? {} : await load(folder, trustRoots)
    // What is kept for another machine than the given one is of no use
    const isOther =
      options.machine !== undefined && options.machine.key.publicKey.modulus !== found.machine?.key.publicKey.modulus
    return isOther ? {} : found
  })
  const keep = async (part: Kept): Promise<void> => {
    if (folder !== undefined) await save(folder, part)
  }
  const locations = remembered(() => findServiceLocations(context, baseUrl))
  const slcChain = remembered(async () => getLicensorCertificate(context, (await locations()).licensingUrl))

  const licensing = async (): Promise<LicensingServer> => ({
    licensingUrl: (await locations()).licensingUrl,
    slcChain: await slcChain(),
  })

  const machine = remembered(async () => {
    const ready = options.machine ?? (await kept()).machine
    if (ready !== undefined) return ready
    const mode = options.mode ?? modeOfServer(await slcChain())
    const activation = { mode, name: options.user ?? 'anonymous', clock, random: context.random }
    const made = await step(context, 'activate machine', () => activate(activation))
    await keep({ machine: made })
    return made
  })

  const newAccount = async (persistent = true): Promise<Account> => {
    const holder = await machine()
    const made = await certify(context, (await locations()).certificationUrl, holder, persistent)
    await keep({ machine: holder, account: made })
    return made
  }
  // The beginning is not looked at: a server's clock may be a little ahead
  const accountHolds = ({ rac }: Account): boolean => clock.now() < rac.validity.until
  const account = remembered(async () => {
    const { account: ready } = await kept()
    return ready !== undefined && accountHolds(ready) ? ready : newAccount()
  }, accountHolds)

  const newPublisher = async (): Promise<Publisher> => {
    const made = await getClientLicensorCert(context, (await locations()).licensingUrl, await account())
    await keep({ publisher: made })
    return made
  }
  const publisherHolds = ({ clc }: Publisher): boolean => {
    const range = issueRange(clc.document)
    return range !== undefined && clock.now() < range.until
  }
  const publisher = remembered(async () => {
    const { publisher: ready } = await kept()
    return ready !== undefined && publisherHolds(ready) ? ready : newPublisher()
  }, publisherHolds)

  let knownTemplates: readonly Template[] = []

  /** A template that is named is looked for at the server; a mistyped right is told before anything is asked. */
  const policyOf = async (policy: RightsPolicy): Promise<RightsPolicy> => {
    requirePolicy(policy)
    if (!('template' in policy)) requireKnownRights(policy)
    return 'template' in policy && typeof policy.template === 'string' && !isTemplateText(policy.template)
      ? { template: findTemplate(await client.templates(), policy.template) }
      : policy
  }

  /** Where a PL sends its readers, those outside to the address outside, when the password may go there. */
  const licensingUrlOf = async (chain: readonly XrmlDocument[]): Promise<string> => {
    const { licensingUrl, certificationUrl } = await locations()
    const pl = readable('PL', () => readPl(chain[0] as XrmlDocument))
    const named = sameServiceUrl(pl.extranetLicensingUrl, licensingUrl) ? licensingUrl : pl.licensingUrl
    return acquisitionUrl(named, licensingUrl, [options.url, certificationUrl, ...(options.licensingHosts ?? [])])
  }
  const elsewhere = context.credentials === undefined ? context : strangerIn(context, options)
  /** At a cluster of others, who may have no account for this user, the account certificate may be enough. */
  const contextAt = async (url: string): Promise<ClientContext> => {
    const { licensingUrl, certificationUrl } = await locations()
    const own = [licensingUrl, certificationUrl, options.url]
    return own.some((address) => originOfUrl(address) === originOfUrl(url)) ? context : elsewhere
  }
  const licenseFor = async (licensee: readonly XrmlDocument[], pl: readonly XrmlDocument[]): Promise<License> => {
    const url = await licensingUrlOf(pl)
    return acquireLicense(await contextAt(url), url, licensee, pl)
  }
  const openWith = async (license: License, pl?: XrmlDocument): Promise<OpenedLicense> => {
    const holder = await account()
    return step(context, 'open license', () => openLicense(license, holder, clock.now(), pl))
  }

  const client: RmsClient = {
    async bootstrap() {
      return {
        locations: await locations(),
        machine: await machine(),
        account: await account(),
        publisher: await publisher(),
      }
    },
    locations,
    machine,
    serverInfo: async () => getServerInfo(context, (await locations()).licensingUrl),
    serverCertificate: slcChain,
    async certify({ persistent = true } = {}) {
      return account.set(await newAccount(persistent))
    },
    async getClientLicensorCert() {
      return publisher.set(await newPublisher())
    },
    async templates() {
      knownTemplates = await acquireTemplates(context, await licensing(), knownTemplates)
      return knownTemplates
    },
    async publish(policy, publishOptions = {}) {
      requirePublishOptions(publishOptions)
      const found = await policyOf(policy)
      const [holder, signer] = [await account(), await publisher()]
      return step(context, 'publish offline', () => publish(context, holder, signer, found, publishOptions))
    },
    async publishOnline(policy, publishOptions = {}) {
      requirePublishOptions(publishOptions)
      const found = await policyOf(policy)
      return publishOnline(context, await licensing(), await account(), found, publishOptions)
    },
    async republish(pl, policy) {
      const found = await policyOf(policy)
      return editIssuanceLicense(context, await licensing(), readPlChain(pl), found)
    },
    acquireLicense: async (pl) => licenseFor((await account()).chain, readPlChain(pl)),
    async acquireLicenses(pls) {
      const chains = pls.map(readPlChain)
      const urls = new Set(await Promise.all(chains.map(licensingUrlOf)))
      const [url] = urls
      if (urls.size > 1)
        throw new RangeError(
          `One call goes to one server, the licenses name ${[...urls].join(' and ')}. Make one call for each.`,
        )
      return url === undefined ? [] : acquireLicenses(await contextAt(url), url, (await account()).chain, chains)
    },
    acquireLicenseFor: (licensee, pl) => licenseFor(licensee, readPlChain(pl)),
    async acquirePreLicense(pl, mails) {
      const chain = readPlChain(pl)
      return acquirePreLicense(context, await licensingUrlOf(chain), chain, mails)
    },
    precertify: async (mail) => precertify(context, (await locations()).certificationUrl, mail),
    acquireContentKey: async (pl) => acquireContentKey(context, baseUrl, readPlChain(pl)),
    open: (license, pl) => openWith(license, pl === undefined ? undefined : readPlChain(pl)[0]),
    async protectFile(plain, extension, policy, protectOptions = {}) {
      requireBytes('protectFile', plain)
      requireProtectOptions(protectOptions)
      const published = protectOptions.online ? await client.publishOnline(policy) : await client.publish(policy)
      return step(context, 'encrypt', () => protectBytes(published, extension, plain))
    },
    async *protectStream(chunks, extension, originalSize, policy, protectOptions = {}) {
      requireProtectOptions(protectOptions)
      const published = protectOptions.online ? await client.publishOnline(policy) : await client.publish(policy)
      yield* protectChunks(published, extension, originalSize, chunks)
    },
    async openFile(bytes, given) {
      requireBytes('openFile', bytes)
      const { pfile, pl } = readProtectedFile(bytes)
      const license = given ?? (await licenseFor((await account()).chain, pl))
      const opened = await openWith(license, pl[0])
      const plain = await step(context, 'decrypt', () => decryptFile(pfile, opened.contentKey))
      return { ...opened, plain, extension: pfile.extension, license }
    },
    close: async () => {
      await context.connections?.close()
      if (elsewhere !== context) await elsewhere.connections?.close()
    },
  }
  return client
}

function strangerIn(context: ClientContext, { ca }: ConnectOptions): ClientContext {
  const { credentials } = context
  const signedIn = context.connections ?? openConnections({ credentials })
  return { ...context, connections: anonymousFirst(openConnections({ ca }), signedIn) }
}

function originOfUrl(address: string): string {
  return new URL(address).origin
}

function contextOf(options: ConnectOptions): ClientContext {
  const {
    user,
    password = '',
    clock = systemClock,
    random = systemRandom,
    trustRoot,
    mode,
    onStep,
    timeoutMilliseconds,
    signIn,
    ca,
  } = options
  const credentials = user === undefined ? undefined : { user, password }
  const modes: readonly CryptoMode[] = mode === undefined ? [2, 1] : [mode]
  return {
    credentials,
    ...(signIn === undefined && ca === undefined
      ? {}
      : { connections: openConnections({ credentials, signIn, ca, clock, random }) }),
    trustRoots: trustRoot === undefined ? modes.map(labTrustRoot) : [trustRoot],
    clock,
    random,
    timeoutMilliseconds,
    userAgent: options.userAgent ?? 'rms-emulator client',
    onStep,
  }
}

function modeOfServer([slc]: readonly XrmlDocument[]): CryptoMode {
  return modeOfKey({ bits: slc?.body.issuedPrincipal?.publicKey?.bits ?? 0 }).mode
}
