/** How many requests each fault of the lab has matched, at all nodes together: a row of the lab's table for each fault, whose version counts. */
import { countLabRow, removeLabRows } from './lab-rows.js'
import type { Database } from './schema.js'

/** A fault that is put anew counts from nothing: it has another version of the lab state. */
export interface CountedFault {
  readonly name: string
  readonly since: number
}

export interface FaultCounts {
  /** One more. @returns which one it was, from 1: no two requests at any nodes are the same one */
  take(fault: CountedFault): Promise<number>
  /** 0 for a fault that matched nothing. */
  matched(fault: CountedFault): Promise<number>
  /** Of faults that are gone. */
  forget(faults: readonly CountedFault[]): Promise<void>
  forgetAll(): Promise<void>
}

export function faultCounts(db: Database): FaultCounts {
  return {
    take: (fault) => countLabRow(db, idOf(fault)),
    matched: async (fault) => {
      const row = await db.selectFrom('lab_state').select('version').where('id', '=', idOf(fault)).executeTakeFirst()
      return row?.version ?? 0
    },
    forget: async (faults) => {
      if (faults.length === 0) return
      await db.deleteFrom('lab_state').where('id', 'in', faults.map(idOf)).execute()
    },
    forgetAll: () => removeLabRows(db, prefix),
  }
}

const prefix = 'fault '

function idOf({ name, since }: CountedFault): string {
  return `${prefix}${since} ${name}`
}
