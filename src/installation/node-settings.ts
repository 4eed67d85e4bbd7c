/** What options of an installation say to its nodes, in this process or in others. */
import type { RequestLogBound } from '../cluster/bound-request-log.js'
import { loadServerState } from '../cluster/server-state.js'
import type { Store } from '../cluster/store/open.js'
import { defaultJournalLimits, type JournalOptions } from '../node/journal.js'
import { defaultNodeOptions } from '../node/start.js'
import type { InstallationOptions } from './installation-options.js'

export function requestLogBoundOf({
  requestLogDays: days = defaultNodeOptions.requestLogBound.days,
  requestLogRows: rows = defaultNodeOptions.requestLogBound.rows,
}: InstallationOptions): RequestLogBound {
  return { days, rows }
}

/** On unless told otherwise: it is what people look into when they do not see why. */
export function journalOf({ journal, lab = true }: InstallationOptions): JournalOptions | undefined {
  if (journal === false || !lab) return undefined
  return journal ?? { limits: defaultJournalLimits, secrets: false }
}

/** A wrong password must change nothing, and is told before anything starts. @throws WrongKeyPassword */
export async function requirePassword(
  store: Store,
  { keyPassword, engine }: Required<Pick<InstallationOptions, 'keyPassword' | 'engine'>>,
): Promise<void> {
  for (const { name } of await store.clusters.list()) await loadServerState(store, name, keyPassword, engine)
}

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

/** Leaves out what is undefined, so that defaults count. */
export function given<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>
}
