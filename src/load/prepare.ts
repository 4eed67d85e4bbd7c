/** Requests of real sessions, made before load begins: accounts with a RAC, content that was published, and what each operation sends. */
import { acquireIssuanceLicenseCall, prepareUnsigned } from '../client/acquire-issuance-license.js'
import { acquireLicenseCall } from '../client/acquire-license.js'
import { templateInformationCall } from '../client/acquire-templates.js'
import { certifyCall } from '../client/certify.js'
import { connect } from '../client/connect.js'
import { soapCallOf, type ClientContext, type RmsCall } from '../client/context.js'
import { findServiceLocationsCall } from '../client/discover.js'
import { getClientLicensorCertCall } from '../client/get-client-licensor-cert.js'
import { modeOfKey, readyMachine, type Machine } from '../client/machine.js'
import type { Published } from '../client/publish.js'
import type { Account } from '../client/account.js'
import type { ServiceLocations } from '../client/discover.js'
import type { RmsClient } from '../client/rms-client.js'
import { baseUrlOf } from '../client/service-url.js'
import { httpRequestOf } from '../client/soap-caller.js'
import type { Clock, Random } from '../effects.js'
import type { LoadOperation } from './operations.js'

export interface PreparedRequest {
  readonly operation: LoadOperation
  readonly origin: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type PreparedRequests = Readonly<Partial<Record<LoadOperation, readonly PreparedRequest[]>>>

export interface Preparation {
  /** Any address of the cluster. */
  readonly url: string
  readonly operations: readonly LoadOperation[]
  /** How many publishing licenses. */
  readonly contents: number
  /** Mail addresses: the first one publishes, all of them read. */
  readonly accounts: readonly string[]
  readonly password: string
  readonly timeoutMilliseconds: number
  /** Certificates in PEM that those of the servers may lead to. */
  readonly ca: string | undefined
  readonly clock: Clock
  readonly random: Random
  readonly progress: (text: string) => void
  readonly signal: AbortSignal
}

interface Session {
  readonly client: RmsClient
  readonly context: ClientContext
  readonly machine: Machine
  readonly account: Account
  readonly locations: ServiceLocations
}

/** Content that names more readers than people usually do says ANYONE. */
const mostNamed = 10
/** The rights of the content: whoever of the accounts comes gets a license. */
const rights = ['VIEW', 'EDIT', 'PRINT'] as const

/** @throws SoapFault, CallFailed, VerificationFailed: what a client would be told */
export async function prepareRequests(preparation: Preparation): Promise<PreparedRequests> {
  const { operations, signal } = preparation
  const sessions = await openSessions(preparation)
  const [author] = sessions
  if (author === undefined) throw new RangeError('At least one account is needed')
  const published = operations.includes('license') ? await publishContents(preparation, author) : []
  signal.throwIfAborted()
  const made: Partial<Record<LoadOperation, readonly PreparedRequest[]>> = {}
  for (const operation of operations) {
    const calls = await callsOf(operation, preparation, sessions, published)
    made[operation] = calls.map(([{ context }, call]) => preparedOf(operation, context, call))
  }
  return made
}

/** A few at a time: preparing is no load test. */
const sessionsAtOnce = 4

async function openSessions(preparation: Preparation): Promise<readonly Session[]> {
  const { accounts, progress, signal } = preparation
  const machine = await machineFor(preparation)
  const sessions: Session[] = []
  for (let first = 0; first < accounts.length; first += sessionsAtOnce) {
    signal.throwIfAborted()
    if (first % 20 === 0) progress(`Certifying ${accounts.length} accounts: ${first}`)
    sessions.push(
      ...(await Promise.all(
        accounts.slice(first, first + sessionsAtOnce).map((mail) => openSession(preparation, mail, machine)),
      )),
    )
  }
  return sessions
}

/** A ready-made one of the lab: nothing is learned from making keys. */
async function machineFor({
  url,
  accounts: [user = ''],
  password,
  timeoutMilliseconds,
  ca,
  clock,
  random,
}: Preparation): Promise<Machine> {
  const [slc] = await connect({
    url,
    user,
    password,
    timeoutMilliseconds,
    ...(ca === undefined ? {} : { ca }),
    clock,
    random,
  }).serverCertificate()
  return readyMachine(`alice-pc-mode${modeOfKey({ bits: slc?.body.issuedPrincipal?.publicKey?.bits ?? 0 }).mode}`)
}

async function openSession(
  { url, password, timeoutMilliseconds, ca, clock, random }: Preparation,
  user: string,
  machine: Machine,
): Promise<Session> {
  const client = connect({
    url,
    user,
    password,
    machine,
    timeoutMilliseconds,
    ...(ca === undefined ? {} : { ca }),
    clock,
    random,
    userAgent: 'rms-emulator load',
  })
  const context = { credentials: { user, password }, trustRoots: [], clock, random, userAgent: 'rms-emulator load' }
  return { client, context, machine, account: await client.certify(), locations: await client.locations() }
}

/** One license is looked at as a client does it: signatures, chain, and the key inside. The load only counts. */
async function publishContents(
  { contents, accounts, progress, signal }: Preparation,
  { client }: Session,
): Promise<readonly Published[]> {
  const readers = accounts.length > mostNamed ? ['ANYONE'] : accounts
  const policy = { rights: readers.map((to) => ({ to, rights: [...rights] })) }
  const published: Published[] = []
  for (let index = 0; index < contents; index++) {
    signal.throwIfAborted()
    if (index % 20 === 0) progress(`Publishing ${contents} contents: ${index}`)
    published.push(await client.publish(policy))
  }
  const [first] = published
  if (first !== undefined) await client.open(await client.acquireLicense(first.text), first.text)
  return published
}

type Calls = readonly (readonly [Session, RmsCall])[]

async function callsOf(
  operation: LoadOperation,
  { url }: Preparation,
  sessions: readonly Session[],
  published: readonly Published[],
): Promise<Calls> {
  const base = baseUrlOf(url)
  const licensingUrl = `${base}/licensing`
  const each = (call: (session: Session) => RmsCall): Calls => sessions.map((session) => [session, call(session)])
  switch (operation) {
    case 'license':
      return licenseCalls(licensingUrl, sessions, published)
    case 'certify':
      return each(({ locations, machine }) =>
        certifyCall(certificationUrlOf(base, locations.certificationUrl), machine, true),
      )
    case 'clc':
      return each(({ account }) => getClientLicensorCertCall(licensingUrl, account))
    case 'templates':
      return each(() => templateInformationCall(licensingUrl))
    case 'locate':
      return each(() => findServiceLocationsCall(base))
    case 'publish': {
      const unsigned = sessions.map(async (session): Promise<Calls[number]> => [
        session,
        acquireIssuanceLicenseCall(licensingUrl, await unsignedOf(session, licensingUrl)),
      ])
      return Promise.all(unsigned)
    }
  }
}

/** A licensing-only cluster has its accounts certified elsewhere. Load goes to no host that nobody named, whatever the server says. */
function certificationUrlOf(base: string, told: string): string {
  return new URL(told).hostname === new URL(base).hostname ? told : `${base}/certification`
}

/** Every content and every account at least once. */
function licenseCalls(licensingUrl: string, sessions: readonly Session[], published: readonly Published[]): Calls {
  const count = Math.max(sessions.length, published.length)
  return Array.from(
    { length: count },
    (_, index) => [sessions[index % sessions.length], published[index % published.length]] as const,
  ).flatMap(([session, content]) =>
    session === undefined || content === undefined
      ? []
      : [[session, acquireLicenseCall(licensingUrl, session.account.chain, [content.pl])] as const],
  )
}

async function unsignedOf({ client, context, account }: Session, licensingUrl: string): Promise<string> {
  const policy = { rights: [{ to: account.mail, rights: [...rights] }] }
  return prepareUnsigned(context, { licensingUrl, slcChain: await client.serverCertificate() }, account, policy)
    .unsigned
}

function preparedOf(operation: LoadOperation, context: ClientContext, call: RmsCall): PreparedRequest {
  const { origin, pathname, search } = new URL(call.url)
  return { operation, origin, path: `${pathname}${search}`, ...httpRequestOf(soapCallOf(context, call)) }
}
