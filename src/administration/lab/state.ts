/** The state of the installation, as one word. */
import { stateHash } from '../../cluster/state-hash.js'
import { TooManyRows, type StateRows } from '../../cluster/store/state-rows.js'
import { problem } from '../problem.js'
import type { LabOffice } from './ask-server.js'

export interface StateHash {
  /** SHA-256, 64 hexadecimal digits. */
  readonly hash: string
}

/** @throws Problem 409 when the installation is too large, DatabaseAway */
export async function readStateHash(office: LabOffice): Promise<StateHash> {
  return { hash: await stateHash(await readState(office), office.keyPassword) }
}

/** @throws Problem 409 when the installation is too large, DatabaseAway */
export async function readState({ store }: LabOffice): Promise<StateRows> {
  return store.state.read().catch((error: unknown) => {
    if (error instanceof TooManyRows) problem(409, error.message)
    throw error
  })
}
