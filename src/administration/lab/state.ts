/** The state of the installation: as one word, and as what is kept of it. */
import { stateHash } from '../../cluster/state-hash.js'
import { TooManyRows, type StateRows } from '../../cluster/store/state-rows.js'
import { problem } from '../problem.js'
import type { LabOffice } from './ask-server.js'
import type { KeptState } from './kept-state.js'

export interface StateHash {
  /** SHA-256, 64 hexadecimal digits. */
  readonly hash: string
}

/** @throws Problem 409 when the installation is too large, DatabaseAway */
export async function readStateHash(office: LabOffice): Promise<StateHash> {
  return { hash: await stateHash(await office.turns.together(() => readState(office)), office.keyPassword) }
}

/** @throws Problem 409 when the installation is too large, DatabaseAway */
export async function readState({ store }: LabOffice): Promise<StateRows> {
  return store.state.read().catch((error: unknown) => {
    if (error instanceof TooManyRows) problem(409, error.message)
    throw error
  })
}

/** The state of now and the servers of now, of one moment. @throws Problem 409 when the installation is too large, DatabaseAway */
export async function keptNow(office: LabOffice): Promise<KeptState> {
  const { arrangement } = office
  const read = async (): Promise<KeptState> => ({ state: await readState(office), servers: arrangement?.present() })
  return office.turns.together(() => (arrangement === undefined ? read() : arrangement.inTurn(read)))
}
