/** A store that is away when the lab wants it to be: each question fails as it would at a database that does not answer. */
import { DatabaseAway } from './database-away.js'
import type { Store } from './open.js'

/** The directory does not answer; the rest of the database does. Whoever is remembered is known, as while the database is away. */
export class DirectoryAway extends DatabaseAway {
  override readonly name = 'DirectoryAway'
}

export interface Outages {
  readonly isDatabaseAway: () => boolean
  readonly isDirectoryAway: () => boolean
}

/** What is set in the lab is read all the same, and who lives is known: otherwise nobody could end it. */
export function storeWithOutages(store: Store, { isDatabaseAway, isDirectoryAway }: Outages): Store {
  const database = (): DatabaseAway | undefined =>
    isDatabaseAway() ? new DatabaseAway('The database is away: it is set so in the lab') : undefined
  const directory = (): DatabaseAway | undefined =>
    database() ?? (isDirectoryAway() ? new DirectoryAway('The directory is away: it is set so in the lab') : undefined)
  return {
    ...store,
    forest: failingBy(database, store.forest),
    directory: failingBy(directory, store.directory),
    clusters: failingBy(database, store.clusters),
    accountKeys: failingBy(database, store.accountKeys),
    templates: failingBy(database, store.templates),
    requestLog: failingBy(database, store.requestLog),
    tokenKeys: failingBy(database, store.tokenKeys),
    authorizationCodes: failingBy(database, store.authorizationCodes),
    faultCounts: failingBy(database, store.faultCounts),
    keptDocuments: failingBy(database, store.keptDocuments),
  }
}

type Question = (...given: readonly unknown[]) => Promise<unknown>

/** Every method of a store answers later, so that each can fail in its own way. */
function failingBy<Part extends object>(why: () => Error | undefined, part: Part): Part {
  const asked = Object.entries(part as Readonly<Record<string, Question>>).map(([name, ask]) => [
    name,
    (...given: readonly unknown[]): Promise<unknown> => {
      const error = why()
      return error === undefined ? ask(...given) : Promise.reject(error)
    },
  ])
  return Object.fromEntries(asked) as Part
}
