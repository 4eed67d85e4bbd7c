/** The state of the lab, in one row that is changed as configurations are; and the steps of its clock. */
import { LabInputError } from '../../lab/input-error.js'
import { largestState, noLab, parseLabState, stateText, type LabState } from '../../lab/state.js'
import { bringHome } from './exclusive.js'
import type { Database } from './schema.js'

export interface LabStore {
  /** `noLab` while nothing was ever set. */
  read(): Promise<LabState>
  /** Cheap enough for the refresh timer; 0 while nothing was ever set. */
  version(): Promise<number>
  /**
   * Compare and set: writes the state, under the next version, when the stored version is still that of `state`.
   * @returns what is stored now; undefined when somebody else wrote in between
   * @throws LabInputError when it is too large to be kept
   */
  save(state: LabState): Promise<LabState | undefined>
  /** One more step of a clock that steps, whichever node asks: each is given out once, in one order for all. @returns 1 for the first one */
  takeStep(): Promise<number>
  /** How many steps were taken so far. */
  steps(): Promise<number>
}

const stateRow = 'state'
const stepsRow = 'steps'

export function labStore(db: Database): LabStore {
  const versionOf = async (id: string): Promise<number> =>
    (await db.selectFrom('lab_state').select('version').where('id', '=', id).executeTakeFirst())?.version ?? 0

  return {
    read: async () => {
      const row = await db.selectFrom('lab_state').selectAll().where('id', '=', stateRow).executeTakeFirst()
      return row === undefined ? noLab : parseLabState(row.state, row.version)
    },
    version: () => versionOf(stateRow),
    save: async (state) => {
      const text = stateText(state)
      if (text.length > largestState)
        throw new LabInputError(
          `All that is set in the lab would have ${text.length} characters: at most ${largestState} are kept. End some of it first`,
        )
      const version = state.version + 1
      const row = { version, state: text }
      const result =
        state.version === 0
          ? await db
              .insertInto('lab_state')
              .values({ id: stateRow, ...row })
              .onConflict((conflict) => conflict.column('id').doNothing())
              .executeTakeFirst()
          : await db
              .updateTable('lab_state')
              .set(row)
              .where('id', '=', stateRow)
              .where('version', '=', state.version)
              .executeTakeFirst()
      const written = 'numUpdatedRows' in result ? result.numUpdatedRows : result.numInsertedOrUpdatedRows
      if (written !== 1n) return undefined
      await bringHome(db)
      return { ...state, version }
    },
    takeStep: async () => {
      const { version } = await db
        .insertInto('lab_state')
        .values({ id: stepsRow, version: 1, state: '' })
        .onConflict((conflict) =>
          conflict.column('id').doUpdateSet((known) => ({ version: known('lab_state.version', '+', 1) })),
        )
        .returning('version')
        .executeTakeFirstOrThrow()
      return version
    },
    steps: () => versionOf(stepsRow),
  }
}
