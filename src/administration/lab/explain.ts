/** The explainer at an installation: it says of a document what `explain FILE` says, and opens the policies that a cluster here has the key of. */
import type { ServerState } from '../../cluster/server-state.js'
import { RmsException } from '../../exceptions.js'
import { explain } from '../../explain/explain.js'
import type { Explanation, PolicyExplanation } from '../../explain/explanation.js'
import { findDocuments } from '../../explain/find-documents.js'
import { readPolicy } from '../../explain/policy.js'
import { LabInputError } from '../../lab/input-error.js'
import {
  licensorOf,
  openContentKey,
  openRightsData,
  plainSealExceptions,
} from '../../services/licensing/publishing-license.js'
import { glanceAt, readOneDocument } from '../../xrml/document.js'
import { labTrustRoot } from '../../xrml/lab-hierarchy.js'
import { readPl, type Pl } from '../../xrml/pl.js'
import type { IssuingOffice } from './issuing-office.js'

const trustRoots = [labTrustRoot(2), labTrustRoot(1)]

/**
 * @param bytes a document or chain in any encoding, a SOAP message, a protected file
 * @throws LabInputError when there is more than can be looked at; DatabaseAway
 */
export async function explainBytes(office: Explaining, bytes: Uint8Array): Promise<Explanation> {
  const clock = await office.forestClock()
  const texts = boundedBy(() => findDocuments(bytes))
  const policies = await openPolicies(office, texts)
  const look = (certificates: readonly string[] = []): Explanation =>
    boundedBy(() => explain(bytes, { trustRoots, now: clock.now(), policies, certificates }))
  const alone = look()
  if (alone.trust.ok || alone.documents[0]?.kind !== 'PL') return alone
  return (await trustedHere(office, look)) ?? alone
}

/** A protected file does not hold the chain of its server: with that of a cluster here it is trusted, or it is not for another reason. */
async function trustedHere(
  { store }: Explaining,
  look: (certificates: readonly string[]) => Explanation,
): Promise<Explanation | undefined> {
  for (const { configuration } of await store.clusters.list()) {
    const explanation = look(configuration.slc)
    if (explanation.trust.ok) return explanation
  }
  return undefined
}

export type Explaining = Pick<IssuingOffice, 'store' | 'openCluster' | 'forestClock'>

/** The explainer says by a RangeError that it was given too much. */
function boundedBy<Result>(look: () => Result): Result {
  try {
    return look()
  } catch (error) {
    if (error instanceof RangeError) throw new LabInputError(error.message)
    throw error
  }
}

/** By the text of the publishing license; those that no cluster here can open are left out. */
async function openPolicies(
  office: Explaining,
  texts: readonly string[],
): Promise<ReadonlyMap<string, PolicyExplanation>> {
  const licenses = texts.flatMap((text) => {
    const pl = readable(text)
    return pl === undefined ? [] : [{ text, pl }]
  })
  const opened = new Map<string, PolicyExplanation>()
  if (licenses.length === 0) return opened
  const clusters = await openClusters(office)
  for (const { text, pl } of licenses) {
    const policy = opened.get(text) ?? (await openAtOne(clusters, pl))
    if (policy !== undefined) opened.set(text, policy)
  }
  return opened
}

async function openClusters({ store, openCluster }: Explaining): Promise<readonly ServerState[]> {
  return Promise.all((await store.clusters.list()).map(({ name }) => openCluster(name)))
}

function readable(text: string): Pl | undefined {
  if (glanceAt(text).kind !== 'PL') return undefined
  try {
    return readPl(readOneDocument(text))
  } catch {
    return undefined // The explainer says why.
  }
}

/** By the cluster that it was made for before one that only trusts that cluster's domain. */
async function openAtOne(clusters: readonly ServerState[], pl: Pl): Promise<PolicyExplanation | undefined> {
  const able = clusters.flatMap((state) => {
    const licensor = licensorOf(pl, state)
    return licensor === undefined ? [] : [{ state, licensor, isOwn: licensor === state.own }]
  })
  const [first] = able.toSorted((one, other) => Number(other.isOwn) - Number(one.isOwn))
  if (first === undefined) return undefined
  const { state, licensor } = first
  try {
    const { contentKey } = await openContentKey({ pl, licensor }, plainSealExceptions)
    const { rightsData, rightsDataText } = openRightsData(pl, contentKey, 'UnspecifiedError')
    return readPolicy(state.name, rightsData, rightsDataText)
  } catch (error) {
    if (error instanceof RmsException) return { ok: false, openedBy: state.name, why: error.why }
    throw error
  }
}
