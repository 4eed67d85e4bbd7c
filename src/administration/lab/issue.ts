/** Certificates and licenses by hand: made by the steps of the services, for an account that need not sign in, rightly or wrongly on purpose. */
import { openAccount, type Account as OpenedAccount } from '../../client/account.js'
import { acquireIssuanceLicenseCall } from '../../client/acquire-issuance-license.js'
import { acquireLicenseCall } from '../../client/acquire-license.js'
import { certifyCall } from '../../client/certify.js'
import type { RmsCall } from '../../client/context.js'
import { getClientLicensorCertCall } from '../../client/get-client-licensor-cert.js'
import { machineOf, type Machine } from '../../client/machine.js'
import type { ServerState } from '../../cluster/server-state.js'
import type { Account } from '../../directory/directory.js'
import type { Clock } from '../../effects.js'
import { issuingBadly } from '../../lab/faults/bad-document.js'
import type { DocumentFault } from '../../lab/faults/document-fault.js'
import { LabInputError } from '../../lab/input-error.js'
import { documentFacts, type DocumentFacts } from '../../lab/journal/documents.js'
import { certify } from '../../services/certification/certify.js'
import type { Operation } from '../../services/context.js'
import { acquireLicense } from '../../services/licensing/acquire-license.js'
import { acquireIssuanceLicense } from '../../services/publishing/acquire-issuance-license.js'
import { getClientLicensorCert } from '../../services/publishing/get-client-licensor-cert.js'
import { readDocuments, readOneDocument, type XrmlDocument } from '../../xrml/document.js'
import { labMachine, labMachines, labTrustRoot } from '../../xrml/lab-hierarchy.js'
import { readPl } from '../../xrml/pl.js'
import { problem } from '../problem.js'
import { otherAccount, requireKnownAccount } from './issue-accounts.js'
import { givenLicense, unsignedLicense } from './issue-content.js'
import { readIssueWanted, requireName, type IssueOrder, type IssueWanted } from './issue-wanted.js'
import { forOrder, type IssuingOffice } from './issuing-office.js'
import { perform } from './perform.js'

export interface IssuedDocument extends DocumentFacts {
  readonly text: string
}

/** What was made. */
export interface Issued {
  readonly kind: IssueWanted['kind']
  /** `CONTOSO\alice` */
  readonly account: string
  readonly cluster: string
  readonly wrong?: DocumentFault
  /** Whose private key (certs/machines) opens the account certificate; of a RAC. */
  readonly machine?: string
  /** Of a PL and a UL. */
  readonly contentId?: string | undefined
  /** Of a UL: the PL that it is for, with its chain. */
  readonly license?: string
  /** What was asked for first, then the chain of the cluster. */
  readonly documents: readonly IssuedDocument[]
  /** The same in one text, as files have it. */
  readonly chain: string
}

/**
 * @param wanted an `IssueWanted`
 * @throws LabInputError for what cannot be asked for, Problem 409 for what the services refuse, DatabaseAway
 */
export async function issue(office: IssuingOffice, wanted: unknown): Promise<Issued> {
  const order = readIssueWanted(wanted)
  const bench = await workbench(office, order)
  const { kind, wrong } = order
  const { texts, ...more } = await makers[kind](bench)
  return {
    kind,
    account: bench.account.name,
    cluster: bench.cluster.name,
    ...(wrong === undefined ? {} : { wrong }),
    ...more,
    documents: texts.map((text) => ({ ...documentFacts(text), text })),
    chain: texts.join(''),
  }
}

/** All that an order is carried out with. */
interface Workbench {
  readonly office: IssuingOffice
  readonly order: IssueOrder
  readonly clock: Clock
  readonly account: Account
  /** The one that was asked for. */
  readonly cluster: ServerState
  /** Makes account certificates. */
  readonly root: ServerState
  readonly machine: { readonly name: string; readonly machine: Machine }
}

interface Made {
  readonly texts: readonly string[]
  readonly machine?: string
  readonly contentId?: string | undefined
  readonly license?: string
}

async function workbench(office: IssuingOffice, order: IssueOrder): Promise<Workbench> {
  const { store } = office
  const clusters = await store.clusters.list()
  const rootName = clusters.find(({ kind }) => kind === 'root')?.name
  if (rootName === undefined) return problem(409, 'There is no root cluster, which makes account certificates')
  const names = clusters.map(({ name }) => name)
  const name = order.cluster === undefined ? rootName : requireName('cluster', order.cluster, names)
  if (order.kind === 'rac' && name !== rootName)
    throw new LabInputError(`Cluster "${name}" makes no account certificates: "cluster" of a RAC is "${rootName}"`)
  const account = await requireKnownAccount(store.directory, 'account', order.account)
  const [cluster, root] = await Promise.all([office.openCluster(name), office.openCluster(rootName)])
  const clock = await office.forestClock()
  const own = await forOrder(office, 'issue', order.kind, name, account.sid)
  return { office: own, order, clock, account, cluster, root, machine: machineFor(order, account, root) }
}

/** The one of the account, where there is one of its name. */
function machineFor(
  { machine: wanted }: IssueOrder,
  account: Account,
  { rules, name }: ServerState,
): Workbench['machine'] {
  const all = labMachines()
  const fitting = all.filter((one) => one.endsWith(`-mode${rules.mode}`))
  const own = `${account.name.replace(/^.*\\/, '').toLowerCase()}-pc-mode${rules.mode}`
  const chosen =
    wanted === undefined
      ? (fitting.find((one) => one === own) ?? fitting[0] ?? '')
      : requireName('machine', wanted, all)
  if (!fitting.includes(chosen))
    throw new LabInputError(
      `The machine "${chosen}" is of another mode than cluster "${name}", which is of Mode ${rules.mode}: take ${fitting.join(' or ')}`,
    )
  const { chain, key } = labMachine(chosen)
  return { name: chosen, machine: machineOf(chain, key) }
}

const makers: Readonly<Record<IssueWanted['kind'], (bench: Workbench) => Promise<Made>>> = {
  rac: async (bench) => ({
    texts: await asOrdered(bench, certify, certifyOf(bench)),
    machine: bench.machine.name,
  }),
  clc: async (bench) => ({
    texts: await asOrdered(bench, getClientLicensorCert, getClientLicensorCertCall('', await openRac(bench))),
  }),
  pl: async (bench) => {
    const { cluster, order, account } = bench
    const { unsigned, contentId } = unsignedLicense(bench, { cluster, order, owner: account })
    return {
      texts: await asOrdered(bench, acquireIssuanceLicense, acquireIssuanceLicenseCall('', unsigned)),
      contentId,
    }
  },
  ul: async (bench) => {
    // One after the other: what they draw can be repeated then.
    const rac = await openRac(bench)
    const license = await licenseFor(bench)
    const [pl] = license
    return {
      texts: await asOrdered(bench, acquireLicense, acquireLicenseCall('', rac.chain, [license])),
      contentId: pl && readPl(pl).contentId?.id,
      license: license.map(({ text }) => text).join(''),
    }
  },
}

/** By the cluster that was asked for, in the way that was asked for. */
async function asOrdered(bench: Workbench, operation: Operation, call: RmsCall): Promise<readonly string[]> {
  const { office, cluster, order, clock, account } = bench
  const { wrong } = order
  if (wrong === undefined) return perform(operation, call, { office, clock, state: cluster, account })
  const workshop = { rules: cluster.rules, keyPairs: office.keyPairs, now: clock.now() }
  const state = { ...cluster, issuing: await issuingBadly(wrong, cluster.issuing, workshop) }
  return perform(operation, call, { office, clock, state, account })
}

function certifyOf({ machine }: Workbench): RmsCall {
  return certifyCall('', machine.machine, true)
}

/** A good one, as everything else rests on it. */
async function openRac(bench: Workbench): Promise<OpenedAccount> {
  const { office, clock, root, account, machine } = bench
  const texts = await perform(certify, certifyOf(bench), { office, clock, state: root, account })
  return openAccount(readDocuments(texts.join('')), machine.machine, [labTrustRoot(root.rules.mode)])
}

/** The one that was given, or a good one for new content. */
async function licenseFor(bench: Workbench): Promise<readonly XrmlDocument[]> {
  const { office, order, clock, cluster, account } = bench
  if (order.license !== undefined) return givenLicense(order.license)
  const { directory } = office.store
  const owner =
    order.owner === undefined
      ? await otherAccount(directory, account)
      : await requireKnownAccount(directory, 'owner', order.owner)
  const { unsigned } = unsignedLicense(bench, { cluster, order, owner })
  const [signed = ''] = await perform(acquireIssuanceLicense, acquireIssuanceLicenseCall('', unsigned), {
    office,
    clock,
    state: cluster,
    account: owner,
  })
  return [readOneDocument(signed)]
}
