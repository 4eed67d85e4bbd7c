/** A state as a document, to be kept as text; and read again by who trusts no text. */
import { LabInputError } from '../lab/input-error.js'
import { parseSuspended, suspendedJson } from '../lab/suspended.js'
import { InvalidConfiguration, parseConfiguration } from './configuration-checks.js'
import { columns, primaryKeys } from './store/schema.js'
import { mostRows, plainTables, type ClusterState, type PlainTable, type StateRows } from './store/state-rows.js'

/** The document is none, or cannot be the state of an installation; the message completes "the state …". */
export class InvalidState extends Error {
  override readonly name = 'InvalidState'
}

/** As a value for JSON: the same members, and a row an object by column. */
export function documentOf({ tables, clusters, lab }: StateRows): object {
  return { tables, clusters, lab: suspendedJson(lab) }
}

/**
 * Reads what `documentOf` made, of this schema version.
 * @throws InvalidState
 */
export function readDocument(value: unknown): StateRows {
  const { tables, clusters, lab } = membersOf(value, ['tables', 'clusters', 'lab'], 'is')
  const given = membersOf(tables, plainTables, 'has tables that are')
  const read = Object.fromEntries(plainTables.map((table) => [table, readTable(table, given[table])]))
  const state = {
    tables: read as unknown as StateRows['tables'],
    clusters: readClusters(clusters),
    lab: readLab(lab),
  }
  requireWhole(state)
  return state
}

type Members = Readonly<Record<string, unknown>>

function membersOf(value: unknown, names: readonly string[], what: string): Members {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  const found = isObject ? Object.keys(value) : []
  if (!isObject || found.length !== names.length || !names.every((name) => found.includes(name)))
    throw new InvalidState(`${what} no object of ${names.join(', ')}`)
  return value as Members
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length > mostRows)
    throw new InvalidState(`has no list of at most ${mostRows} rows for ${what}`)
  return value
}

function readTable(table: PlainTable, value: unknown): readonly Members[] {
  const types: Readonly<Record<string, string>> = columns[table]
  const names = Object.keys(types)
  const seen = new Set<string>()
  return listOf(value, table).map((given) => {
    const row = membersOf(given, names, `has in the table ${table}`)
    const wrong = names.find((name) => !fits(row[name], types[name] ?? ''))
    if (wrong !== undefined) throw new InvalidState(`has in the table ${table} a row whose ${wrong} cannot be`)
    const key = JSON.stringify(primaryKeys[table].map((column: string) => row[column]))
    if (seen.has(key)) throw new InvalidState(`has in the table ${table} two rows for ${key}`)
    seen.add(key)
    return row
  })
}

function fits(value: unknown, type: string): boolean {
  if (value === null) return type.endsWith(' null')
  return type.startsWith('integer') ? Number.isSafeInteger(value) : typeof value === 'string'
}

const clusterMembers = ['name', 'kind', 'key_salt', 'sealed_key_pair', 'configuration'] as const

function readClusters(value: unknown): readonly ClusterState[] {
  return listOf(value, 'clusters').map((given) => {
    const { configuration, ...row } = membersOf(given, clusterMembers, 'has a cluster that is')
    const { name, kind } = row
    if (Object.values(row).some((member) => typeof member !== 'string') || (kind !== 'root' && kind !== 'licensing'))
      throw new InvalidState('has a cluster without name, kind, salt or key')
    try {
      return {
        ...(row as Omit<ClusterState, 'configuration'>),
        configuration: parseConfiguration(JSON.stringify(configuration)),
      }
    } catch (error) {
      if (error instanceof InvalidConfiguration)
        throw new InvalidState(`has a cluster ${String(name)} that cannot be: ${error.message}`)
      throw error
    }
  })
}

function readLab(value: unknown): StateRows['lab'] {
  try {
    return parseSuspended(value)
  } catch (error) {
    if (error instanceof LabInputError)
      throw new InvalidState(`has controls of the lab that cannot be: ${error.message}`)
    throw error
  }
}

/** Columns that no two rows have alike, beside those of the primary keys: the database would refuse the state in the middle of it. */
const unlike: readonly { readonly table: PlainTable; readonly by: readonly string[] }[] = [
  { table: 'account', by: ['name_key'] },
  { table: 'account_address', by: ['account_sid', 'position'] },
  { table: 'directory_group', by: ['name_key'] },
  { table: 'directory_group', by: ['mail_key'] },
]

function requireUnlike(tables: StateRows['tables']): void {
  for (const { table, by } of unlike) {
    const seen = new Set<string>()
    for (const row of tables[table] as readonly object[] as readonly Members[]) {
      const values = by.map((column) => row[column])
      if (values.includes(null)) continue
      const text = values.join(' ')
      if (seen.has(text))
        throw new InvalidState(`has in the table ${table} two rows whose ${by.join(' and ')} is ${text}`)
      seen.add(text)
    }
  }
}

/** What the database would not see, and no node could live with. */
function requireWhole({ tables, clusters }: StateRows): void {
  requireUnlike(tables)
  if (tables.forest.length !== 1) throw new InvalidState(`has ${tables.forest.length} forests`)
  const names = new Set(clusters.map(({ name }) => name.toLowerCase()))
  if (names.size !== clusters.length) throw new InvalidState('has two clusters of one name')
  if (clusters.filter(({ kind }) => kind === 'root').length !== 1) throw new InvalidState('has not one root cluster')
  const stranger = [...tables.account_key, ...tables.template].find(
    ({ cluster }) => !clusters.some(({ name }) => name === cluster),
  )
  if (stranger !== undefined)
    throw new InvalidState(`has keys or templates of a cluster ${stranger.cluster} that is not in it`)
}
