/**
 * How management shows a node that it may tell it what the lab does: with a key that the cluster key password gives, so that there is no other secret to
 * be kept. The proof is of this call, at this node, at this time, and counts once.
 */
import { createHash } from 'node:crypto'
import type { ClusterKey } from '../crypto/at-rest.js'
import { isProofOf, proofOf } from '../crypto/proof.js'
import type { Clock, Random } from '../effects.js'
import { recentMap } from '../recent.js'

export interface ProvenCall {
  readonly method: string
  /** Path and query, as they travel. */
  readonly target: string
  /** Whom it is for. */
  readonly nodeId: string
  /** '' where there is none. */
  readonly body: string
}

/** Lower case, as Node.js has headers. */
export const proofHeader = 'x-lab-proof'

const purpose = 'lab-control'
const nonceLength = 16
/** Milliseconds that the clocks of the machines may differ, as in Windows domains. */
const longestAge = 5 * 60_000
/** A proof is remembered as long as it could be shown again: nobody without the key fills this. */
const mostRemembered = 10_000

/** @returns value of the header: time, nonce and proof */
export function proveCall(
  key: ClusterKey,
  call: ProvenCall,
  { clock, random }: { readonly clock: Pick<Clock, 'now'>; readonly random: Random },
): string {
  const time = clock.now().toISOString()
  const nonce = random.bytes(nonceLength).toString('base64url')
  return `${time} ${nonce} ${proofOf(key, purpose, contentOf(call, time, nonce)).toString('base64url')}`
}

/** @returns why the call is not proven; undefined when it is */
export type ProofCheck = (key: ClusterKey, call: ProvenCall, header: string | undefined) => string | undefined

/** @param clock of the machine: the lab's may say anything */
export function proofCheck(clock: Pick<Clock, 'now'>): ProofCheck {
  const shown = recentMap<string, true>(mostRemembered)
  return (key, call, header) => {
    const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([\w-]{22}) ([\w-]{43})$/.exec(header ?? '')
    if (match === null) return 'it shows no proof'
    const [, time = '', nonce = '', proof = ''] = match
    const isRight = isProofOf(key, purpose, contentOf(call, time, nonce), Buffer.from(proof, 'base64url'))
    if (!isRight) return 'its proof is not of this call, or of another cluster key password'
    const age = Math.abs(clock.now().getTime() - Date.parse(time))
    // A time that is none is not a number, and not within the limit.
    if (!(age <= longestAge))
      return `its proof is of ${time}: the clocks of the machines differ by more than five minutes`
    if (shown.get(nonce) === true) return 'its proof was shown before'
    shown.set(nonce, true)
    return undefined
  }
}

function contentOf({ method, target, nodeId, body }: ProvenCall, time: string, nonce: string): string {
  const digest = createHash('sha256').update(body).digest('base64url')
  return [method, target, nodeId, time, nonce, digest].map((part) => JSON.stringify(part)).join('\n')
}
