/** An operation of a service, performed here: with its own steps, without HTTP, sign-in and request log. */
import { namespaces } from '../../client/namespaces.js'
import type { RmsCall } from '../../client/context.js'
import type { ServerState } from '../../cluster/server-state.js'
import type { Account } from '../../directory/directory.js'
import { RmsException } from '../../exceptions.js'
import type { Operation, ServiceContext } from '../../services/context.js'
import { precertifiedAccounts } from '../../services/precertified.js'
import { stepOf } from '../../services/steps.js'
import { readParameters } from '../../soap/parameters.js'
import { usualProfile } from '../../soap/profile.js'
import { plainVersions } from '../../soap/version-data.js'
import { readXmlNodes } from '../../soap/xml-node.js'
import type { Clock } from '../../effects.js'
import { readXml, type XmlElement } from '../../xml/read.js'
import { element } from '../../xml/write.js'
import { problem } from '../problem.js'
import type { IssuingOffice } from './issuing-office.js'

export interface Performing {
  readonly office: Pick<IssuingOffice, 'store' | 'random' | 'machineRandom' | 'keyPairs'>
  /** Of the forest. */
  readonly clock: Clock
  /** Of the cluster that performs it; `issuing` may be bad. */
  readonly state: ServerState
  /** Who would have signed in. */
  readonly account: Account
}

/**
 * @param call as a client would send it
 * @returns the documents of the first CertificateChain in the answer, leaf first
 * @throws Problem 409 with what the service refuses, and why
 */
export async function perform(operation: Operation, call: RmsCall, performing: Performing): Promise<readonly string[]> {
  const { clock, state, account } = performing
  const namespace = namespaces[call.service]
  const asked = readXml(element(operation.name, { xmlns: namespace }, call.content))
  const reading = { namespace, version: '1.1', profile: usualProfile, onForeign: () => undefined } as const
  try {
    const answer = await operation.handle({
      context: contextOf(performing),
      state,
      now: clock.now(),
      began: clock.monotonic(),
      caller: { isAuthenticated: true, authenticationType: 'Basic', account },
      request: readParameters(asked, operation.description.request, reading),
      versions: plainVersions,
      notes: { metadata: {}, issued: [], received: [] },
      observer: () => undefined,
    })
    return readXmlNodes(findFirst(readXml(element('Answer', {}, answer)), 'CertificateChain'))
  } catch (error) {
    if (!(error instanceof RmsException)) throw error
    const step = stepOf(error)
    return problem(
      409,
      `${operation.name} of cluster ${state.name} refuses${step === undefined ? '' : ` at "${step}"`}: ${error.why} (${error.fullName})`,
    )
  }
}

function contextOf({ office, clock, state }: Performing): ServiceContext {
  const { store, random, machineRandom, keyPairs } = office
  const { directory } = store
  const precertified = precertifiedAccounts(clock)
  return {
    clock,
    random,
    machineRandom,
    store,
    directory,
    state: () => state,
    precertified,
    rootUrl: undefined,
    keyPairs,
  }
}

function findFirst(holder: XmlElement, name: string): XmlElement | undefined {
  if (holder.name === name) return holder
  for (const inner of holder.children) {
    const found = findFirst(inner, name)
    if (found !== undefined) return found
  }
  return undefined
}
