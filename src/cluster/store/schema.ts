/**
 * The tables. Column types are those that SQLite and PostgreSQL share: text, integer, double precision. Bytes are base64 text, times ISO 8601
 * text (UTC, milliseconds), flags 0 or 1; a column ending in `_key` is a name or address in the form it is compared in.
 */
import { sql, type CreateIndexBuilder, type CreateTableBuilder, type Kysely, type RawBuilder } from 'kysely'
import { isPostgres, lockOthersOut } from './exclusive.js'

/** Goes up by one with every change of a table, which goes into migrations.ts, too. */
export const schemaVersion = 6

interface MetaTable {
  key: string
  value: string
}

interface ForestTable {
  dns_name: string
  netbios_name: string
  domain_sid: string
  service_connection_point: string | null
}

interface AccountTable {
  sid: string
  name: string
  name_key: string
  enabled: number
  password: string
}

interface AccountAddressTable {
  address_key: string
  address: string
  /** Of an account, or of a group. */
  account_sid: string
  /** 0 is the mail address of an account (that of a group stands with the group), from 1 on the proxy addresses. */
  position: number
}

interface SidHistoryTable {
  former_sid: string
  account_sid: string
}

interface DirectoryGroupTable {
  sid: string
  name: string
  name_key: string
  mail: string | null
  mail_key: string | null
}

interface GroupMemberTable {
  group_sid: string
  member_sid: string
}

interface ClusterTable {
  name: string
  kind: string
  configuration: string
  configuration_version: number
  key_salt: string
  sealed_key_pair: string
}

interface AccountKeyTable {
  cluster: string
  account_id: string
  public_key: string
  sealed_key_pair: string
  created: string
}

interface TemplateTable {
  cluster: string
  guid: string
  state: string
  signed_xrml: string
  changed: string
}

interface RequestLogTable {
  cluster_name: string
  host_machine_name: string
  host_machine_request_id: string
  request_time: string
  listener: string
  request_path: string
  request_type: string
  request_user_address: string
  request_user_agent: string
  authenticated_state: string
  secure_connection_state: number
  authenticated_id: string
  received_xrml: string | null
  issued_xrml: string | null
  metadata: string
  success_or_failure: string
  error_information: string
  log_create_time: string
  client_request_id: string
  duration_milliseconds: number | null
}

interface MemberTable {
  node_id: string
  cluster: string
  url: string
  pid: number
  started: string
  last_seen: string
}

interface AuthorizationCodeTable {
  hash: string
  content: string
  expires: string
}

/** What a lab has and a product has not: clock, faults. */
interface LabStateTable {
  id: string
  version: number
  /** JSON. */
  state: string
}

/** Certificates and licenses that passed, where they are kept for good. */
interface KeptDocumentTable {
  /** Of its text. */
  hash: string
  kind: string
  id: string | null
  id_key: string | null
  account: string | null
  /** Mail address, and the part of it before the @. */
  account_key: string | null
  account_name_key: string | null
  content: string | null
  content_key: string | null
  /** Hashes of the key of its issuer, and of the one that it certifies as an issuer's. */
  issuer: string | null
  issuing: string | null
  characters: number
  first_seen: string
  last_seen: string
  /** The last time in milliseconds of the real clock. */
  last_ended: number
  seen: number
  first_exchange: string
  last_exchange: string
  /** Last, so that SQLite need not read over it. */
  text: string
}

export interface Tables {
  meta: MetaTable
  forest: ForestTable
  account: AccountTable
  account_address: AccountAddressTable
  sid_history: SidHistoryTable
  directory_group: DirectoryGroupTable
  group_member: GroupMemberTable
  cluster: ClusterTable
  account_key: AccountKeyTable
  template: TemplateTable
  request_log: RequestLogTable
  member: MemberTable
  authorization_code: AuthorizationCodeTable
  lab_state: LabStateTable
  kept_document: KeptDocumentTable
}

export type Database = Kysely<Tables>

type ColumnType = 'text' | 'integer' | 'double precision'
/** `text default ''`: of a table that had rows before it had the column. */
type Column = ColumnType | `${ColumnType} null` | "text default ''"

/** Columns of a table, typed so that a table and its interface cannot drift apart. */
type Columns = { readonly [T in keyof Tables]: { readonly [C in keyof Tables[T]]: Column } }

export const columns: Columns = {
  meta: { key: 'text', value: 'text' },
  forest: { dns_name: 'text', netbios_name: 'text', domain_sid: 'text', service_connection_point: 'text null' },
  account: { sid: 'text', name: 'text', name_key: 'text', enabled: 'integer', password: 'text' },
  account_address: { address_key: 'text', address: 'text', account_sid: 'text', position: 'integer' },
  sid_history: { former_sid: 'text', account_sid: 'text' },
  directory_group: { sid: 'text', name: 'text', name_key: 'text', mail: 'text null', mail_key: 'text null' },
  group_member: { group_sid: 'text', member_sid: 'text' },
  cluster: {
    name: 'text',
    kind: 'text',
    configuration: 'text',
    configuration_version: 'integer',
    key_salt: 'text',
    sealed_key_pair: 'text',
  },
  account_key: { cluster: 'text', account_id: 'text', public_key: 'text', sealed_key_pair: 'text', created: 'text' },
  template: { cluster: 'text', guid: 'text', state: 'text', signed_xrml: 'text', changed: 'text' },
  request_log: {
    cluster_name: 'text',
    host_machine_name: 'text',
    host_machine_request_id: 'text',
    request_time: 'text',
    listener: 'text',
    request_path: 'text',
    request_type: 'text',
    request_user_address: 'text',
    request_user_agent: 'text',
    authenticated_state: 'text',
    secure_connection_state: 'integer',
    authenticated_id: 'text',
    received_xrml: 'text null',
    issued_xrml: 'text null',
    metadata: 'text',
    success_or_failure: 'text',
    error_information: 'text',
    log_create_time: 'text',
    client_request_id: "text default ''",
    duration_milliseconds: 'double precision null',
  },
  member: { node_id: 'text', cluster: 'text', url: 'text', pid: 'integer', started: 'text', last_seen: 'text' },
  authorization_code: { hash: 'text', content: 'text', expires: 'text' },
  lab_state: { id: 'text', version: 'integer', state: 'text' },
  kept_document: {
    hash: 'text',
    kind: 'text',
    id: 'text null',
    id_key: 'text null',
    account: 'text null',
    account_key: 'text null',
    account_name_key: 'text null',
    content: 'text null',
    content_key: 'text null',
    issuer: 'text null',
    issuing: 'text null',
    characters: 'integer',
    first_seen: 'text',
    last_seen: 'text',
    last_ended: 'double precision',
    seen: 'integer',
    first_exchange: 'text',
    last_exchange: 'text',
    text: 'text',
  },
}

export const primaryKeys: { readonly [T in keyof Tables]: readonly (keyof Tables[T] & string)[] } = {
  meta: ['key'],
  forest: ['dns_name'],
  account: ['sid'],
  account_address: ['address_key'],
  sid_history: ['former_sid'],
  directory_group: ['sid'],
  group_member: ['member_sid', 'group_sid'],
  cluster: ['name'],
  account_key: ['cluster', 'account_id'],
  template: ['cluster', 'guid'],
  request_log: ['host_machine_name', 'host_machine_request_id'],
  member: ['node_id'],
  authorization_code: ['hash'],
  lab_state: ['id'],
  kept_document: ['hash'],
}

const indexes: readonly {
  readonly table: keyof Tables
  readonly columns: readonly string[]
  readonly unique?: true
}[] = [
  { table: 'account', columns: ['name_key'], unique: true },
  { table: 'account_address', columns: ['account_sid', 'position'], unique: true },
  { table: 'sid_history', columns: ['account_sid'] },
  { table: 'directory_group', columns: ['name_key'], unique: true },
  { table: 'directory_group', columns: ['mail_key'], unique: true },
  { table: 'group_member', columns: ['group_sid'] },
  { table: 'request_log', columns: ['request_time'] },
  { table: 'request_log', columns: ['authenticated_id', 'request_time'] },
  { table: 'request_log', columns: ['host_machine_request_id'] },
  { table: 'request_log', columns: ['client_request_id'] },
  { table: 'member', columns: ['cluster'] },
  { table: 'authorization_code', columns: ['expires'] },
  { table: 'kept_document', columns: ['last_ended'] },
  { table: 'kept_document', columns: ['kind', 'last_ended'] },
  { table: 'kept_document', columns: ['id_key'] },
  { table: 'kept_document', columns: ['account_key'] },
  { table: 'kept_document', columns: ['account_name_key'] },
  { table: 'kept_document', columns: ['content_key'] },
  { table: 'kept_document', columns: ['issuer'] },
  { table: 'kept_document', columns: ['issuing'] },
]

/** The database was made by another version of this program, and cannot be upgraded. */
export class OtherSchemaVersion extends Error {
  override readonly name = 'OtherSchemaVersion'
  constructor(found: string) {
    super(
      `The database has schema version ${found}, this program needs ${schemaVersion}: use the program that made it, or another database`,
    )
  }
}

/** There is a database, and no installation in it. */
export class EmptyDatabase extends Error {
  override readonly name = 'EmptyDatabase'
  constructor() {
    super('The database is empty: provision a cluster in it first, or correct its path or URL')
  }
}

/**
 * Changes nothing.
 * @throws EmptyDatabase, OtherSchemaVersion
 */
export async function requireSchema(db: Database): Promise<void> {
  if (!isOurs(await readSchemaVersion(db))) throw new EmptyDatabase()
}

/** Changes nothing. @returns undefined when there is no installation in the database */
export async function readSchemaVersion(db: Database): Promise<string | undefined> {
  return (await hasMeta(db)) ? storedVersion(db) : undefined
}

/**
 * Makes the tables in an empty database; in one that has them it only compares the version. Any number of processes may do so at once.
 * @throws OtherSchemaVersion
 */
export async function createSchema(db: Database): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await lockOthersOut(transaction)
    // Not asked for: PostgreSQL may remember, from before it waited for the lock, that there is none.
    await creationOfTable(transaction, 'meta').execute()
    if (isOurs(await storedVersion(transaction))) return
    for (const part of creation(transaction)) await part.execute()
    await transaction
      .insertInto('meta')
      .values({ key: 'schema_version', value: String(schemaVersion) })
      .execute()
  })
}

/** Of all tables and indexes, in order. */
export function creation(db: Database): readonly (CreateTableBuilder<string, string> | CreateIndexBuilder)[] {
  return [
    ...(Object.keys(columns) as (keyof Tables)[]).map((table) => creationOfTable(db, table)),
    ...indexes.map((index) => creationOfIndex(db, index)),
  ]
}

/** The introspection of Kysely would read all tables. */
async function hasMeta(db: Database): Promise<boolean> {
  const { rows } = await (isPostgres(db)
    ? sql`select 1 where to_regclass('meta') is not null`.execute(db)
    : sql`select 1 from sqlite_schema where type = 'table' and name = 'meta'`.execute(db))
  return rows.length > 0
}

/** Of a database that has the table `meta`. */
export async function storedVersion(db: Database): Promise<string | undefined> {
  return (await db.selectFrom('meta').select('value').where('key', '=', 'schema_version').executeTakeFirst())?.value
}

/** @returns false for none @throws OtherSchemaVersion */
function isOurs(version: string | undefined): boolean {
  if (version !== undefined && version !== String(schemaVersion)) throw new OtherSchemaVersion(version)
  return version !== undefined
}

/** Compared by its bytes, as SQLite does: the same order everywhere, and no index that a new locale library spoils. */
export function textType<Any>(db: Kysely<Any>): RawBuilder<unknown> | 'text' {
  return isPostgres(db) ? sql`text collate "C"` : 'text'
}

function creationOfTable(db: Database, table: keyof Tables): CreateTableBuilder<string, string> {
  const text = textType(db)
  let builder: CreateTableBuilder<string, string> = db.schema.createTable(table).ifNotExists()
  for (const [column, type] of Object.entries<Column>(columns[table])) {
    const plain = type.replace(/ null$| default ''$/, '') as ColumnType
    builder = builder.addColumn(column, plain === 'text' ? text : plain, (definition) => {
      if (type.endsWith(' null')) return definition
      return type.includes(' default ') ? definition.notNull().defaultTo('') : definition.notNull()
    })
  }
  const key: readonly string[] = primaryKeys[table]
  return builder.addPrimaryKeyConstraint(`${table}_primary_key`, [...key])
}

function creationOfIndex(db: Database, index: (typeof indexes)[number]): CreateIndexBuilder {
  const name = `${index.table}_by_${index.columns.join('_')}`
  const builder = db.schema
    .createIndex(name)
    .ifNotExists()
    .on(index.table)
    .columns([...index.columns])
  return index.unique === true ? builder.unique() : builder
}
