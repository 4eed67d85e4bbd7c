/** The only list of settings: flags, `RMS_*` environment, config file, help text and documentation all come from this table. */
import { sizingOptions } from './sizing-options.js'

export type CommandName =
  | 'up'
  | 'node'
  | 'provision'
  | 'manage'
  | 'status'
  | 'add-server'
  | 'add-cluster'
  | 'remove-server'
  | 'scp'
  | 'token'
  | 'demo'
  | 'client'
  | 'explain'
  | 'balancer'
  | 'load'
  | 'size'
  | 'print-client'

interface RowBase {
  /** The commands that take this setting as a flag. Environment and config file may name it for any command. */
  readonly commands: readonly CommandName[]
  /** One sentence without a full stop; units are named here. */
  readonly help: string
  /** What help shows for the value, or for a default that only the command knows. */
  readonly placeholder?: string
  readonly defaultText?: string
  /** Never shown in messages or in the list of origins, and may stand in a file that `NAME-file` names. */
  readonly secret?: boolean
  /** Settings that say the opposite; whichever comes from the stronger source wins, both from the same one is an error. */
  readonly excludes?: string
}

interface IntegerRow extends RowBase {
  readonly type: 'integer'
  readonly minimum: number
  readonly maximum: number
  readonly default: number | undefined
}

/** Decimals allowed. */
interface NumberRow extends RowBase {
  readonly type: 'number'
  readonly minimum: number
  readonly maximum: number
  readonly default: number | undefined
}

interface StringRow extends RowBase {
  readonly type: 'string'
  /** `header`: it travels as the value of an HTTP header. */
  readonly format?: 'url' | 'header' | 'capacity'
  /** The value is a list of some of these, with commas between them. */
  readonly listOf?: readonly string[]
  readonly default: string | undefined
}

interface BooleanRow extends RowBase {
  readonly type: 'boolean'
  readonly default: false
}

interface ChoiceRow extends RowBase {
  readonly type: 'choice'
  readonly choices: readonly (string | number)[]
  readonly default: string | number
}

/** A repeatable KEY=VALUE. With `values: 'integer'` each key stands once. */
interface PairsRow extends RowBase {
  readonly type: 'pairs'
  readonly values: 'integer' | 'string'
  readonly minimum?: number
  readonly maximum?: number
  /** What counts for a KEY that stands alone; without it, there must be a value. */
  readonly alone?: number
  readonly default: readonly Pair<string | number>[]
}

export interface Pair<Value> {
  readonly key: string
  readonly value: Value
}

export type OptionRow = IntegerRow | NumberRow | StringRow | BooleanRow | ChoiceRow | PairsRow

const megabyte = 1024 * 1024
/** Start servers of their own. */
const installing = ['up', 'demo'] as const
/** Act as an RMS client. */
const asClient = ['client', 'demo', 'load'] as const
/** Ask a running installation. */
const managing = ['status', 'add-server', 'add-cluster', 'remove-server', 'scp', 'token', 'print-client'] as const
/** Stand on the database. */
const onDatabase = ['up', 'node', 'provision', 'manage'] as const
const serving = ['up', 'node'] as const
const listening = [...serving, 'balancer'] as const
const every = ['demo', 'client', 'explain', 'balancer', 'load', 'size', ...onDatabase, ...managing] as const

export const options = {
  config: {
    type: 'string',
    placeholder: 'FILE',
    default: undefined,
    commands: every,
    help: 'JSON file with settings, by their names here',
  },

  root: {
    type: 'integer',
    minimum: 1,
    maximum: 64,
    default: 2,
    commands: ['up'],
    help: 'number of nodes of the root cluster',
  },
  licensing: {
    type: 'pairs',
    values: 'integer',
    minimum: 1,
    maximum: 64,
    placeholder: 'NAME=N',
    default: [{ key: 'licensing', value: 2 }],
    commands: ['up'],
    help: 'licensing-only cluster and its number of nodes; repeatable',
  },
  'no-licensing': {
    type: 'boolean',
    default: false,
    excludes: 'licensing',
    commands: ['up'],
    help: 'no licensing-only cluster',
  },
  extranet: {
    type: 'pairs',
    values: 'integer',
    minimum: 0,
    maximum: 65535,
    alone: 0,
    placeholder: 'NAME[=PORT]',
    default: [],
    commands: ['up'],
    help: 'cluster with a second listener, for the extranet: its URLs stand in licenses, the request log tells its users apart; on the next free port unless told; repeatable',
  },
  cluster: {
    type: 'string',
    placeholder: 'NAME',
    default: undefined,
    defaultText: 'needed',
    commands: ['node', 'provision', 'balancer'],
    help: 'name of the cluster to join, to make, or (balancer, with the URL of a node list) to stand before',
  },
  'if-absent': {
    type: 'boolean',
    default: false,
    commands: ['provision'],
    help: 'a cluster of this name and kind that is there already is left as it is, and no error',
  },
  id: {
    type: 'string',
    format: 'header',
    placeholder: 'NAME',
    default: undefined,
    defaultText: 'a new one',
    commands: ['node'],
    help: 'name of the node: X-Served-By, and in the request log',
  },
  enrollment: {
    type: 'choice',
    choices: ['self', 'root'],
    default: 'self',
    commands: ['provision', 'add-cluster'],
    help: 'how a licensing-only cluster gets its SLC: self-enrollment, or SubEnroll at the root',
  },
  port: {
    type: 'integer',
    minimum: 0,
    maximum: 65535,
    default: undefined,
    defaultText: '7000; node: any',
    commands: listening,
    help: 'port of the root cluster, the others take the next ones (0: every one any free one), or of the node or balancer',
  },
  'manage-port': {
    type: 'integer',
    minimum: 0,
    maximum: 65535,
    default: undefined,
    defaultText: '7080; 0 with --port 0',
    commands: ['up', 'manage'],
    help: 'port of the management listener; 0 takes any free one',
  },
  'manage-host': {
    type: 'string',
    placeholder: 'ADDRESS',
    default: '127.0.0.1',
    commands: ['up', 'manage'],
    help: 'address of the management listener',
  },
  'no-restart': {
    type: 'boolean',
    default: false,
    commands: ['up'],
    help: 'a node or balancer that dies is not started again',
  },
  host: {
    type: 'string',
    placeholder: 'ADDRESS',
    default: '127.0.0.1',
    commands: listening,
    help: 'address to listen on; anything but loopback opens lab keys to the network',
  },
  'public-url': {
    type: 'string',
    format: 'url',
    placeholder: 'URL',
    default: undefined,
    defaultText: 'up: from host and port',
    commands: ['up', 'provision'],
    help: 'address of the (root) cluster for clients, without /_wmcs, written into licenses',
  },
  'extranet-url': {
    type: 'string',
    format: 'url',
    placeholder: 'URL',
    default: undefined,
    commands: ['provision'],
    help: 'address of the cluster for clients outside, without /_wmcs, written into licenses beside the other one',
  },
  'node-url': {
    type: 'string',
    format: 'url',
    placeholder: 'URL',
    default: undefined,
    defaultText: 'from host and port',
    commands: ['node'],
    help: 'address of the node for balancers on other machines; with --host 0.0.0.0 the name of this machine stands in it',
  },
  'root-url': {
    type: 'string',
    format: 'url',
    placeholder: 'URL',
    default: undefined,
    defaultText: 'the public one',
    commands: ['node'],
    help: 'address at which a licensing-only node asks the root cluster, where its public one leads elsewhere from here',
  },
  'leave-time': {
    type: 'integer',
    minimum: 0,
    maximum: 600,
    default: 3,
    commands: ['node'],
    help: 'how long a node that is stopped goes on serving after it has left the member list, in seconds: balancers need a moment to know',
  },
  'crypto-mode': {
    type: 'choice',
    choices: [1, 2],
    default: 2,
    commands: [...installing, 'provision'],
    help: 'cryptographic mode of a new cluster: 1 is RSA-1024 and SHA-1, 2 is RSA-2048 and SHA-256',
  },
  signer: {
    type: 'choice',
    choices: ['openssl', 'forge'],
    default: 'openssl',
    commands: [...installing, 'node'],
    help: 'engine for private keys; forge is pure JavaScript and much slower',
  },
  'signer-threads': {
    type: 'integer',
    minimum: 0,
    maximum: 16,
    default: undefined,
    defaultText: '1 with two cores or more',
    commands: serving,
    help: 'threads of a node for private keys, beside its event loop; 0 where it has no core to itself (up: each node has its share of the cores)',
  },
  data: {
    type: 'string',
    placeholder: 'DIR',
    default: undefined,
    defaultText: 'kept nowhere',
    commands: ['up', 'node', 'client'],
    help: 'folder that keeps the state: of the installation (up), of log records while the database is away (node), of machine and certificates (client)',
  },
  db: {
    type: 'string',
    placeholder: 'PATH',
    default: undefined,
    defaultText: 'up: a file in the data folder',
    secret: true,
    commands: [...onDatabase, 'scp'],
    help: 'database of the installation (scp: where none runs): path of an SQLite file, or postgres://user:password@host/database',
  },
  'db-password': {
    type: 'string',
    placeholder: 'TEXT',
    default: undefined,
    defaultText: 'in the URL',
    secret: true,
    commands: [...onDatabase, 'scp'],
    help: 'password for a PostgreSQL URL that names a user only',
  },
  'key-password': {
    type: 'string',
    placeholder: 'TEXT',
    default: 'lab-key-password',
    secret: true,
    commands: onDatabase,
    help: 'cluster key password, under which the private keys in the database are sealed',
  },
  json: { type: 'boolean', default: false, commands: every, help: 'print JSON lines instead of text' },

  'body-limit': {
    type: 'integer',
    minimum: 1024,
    maximum: 256 * megabyte,
    default: 4 * megabyte,
    commands: ['node', 'up', 'balancer'],
    help: 'largest request body, in bytes, unpacked; the balancer keeps bodies up to it, to send them again',
  },
  'request-timeout': {
    type: 'integer',
    minimum: 1,
    maximum: 3600,
    default: 30,
    commands: ['node', 'up', 'client', 'balancer', 'load'],
    help: 'time that one request may take, in seconds',
  },
  'refresh-interval': {
    type: 'integer',
    minimum: 1,
    maximum: 3600,
    default: 1,
    commands: ['up'],
    help: 'how often a node looks for a changed configuration, in seconds',
  },
  admit: {
    type: 'pairs',
    values: 'string',
    placeholder: 'ENDPOINT=GROUP',
    default: [],
    commands: ['up'],
    help: 'group or account on the access list of an endpoint, ANONYMOUS for everybody; repeatable',
  },
  tls: {
    type: 'boolean',
    default: false,
    commands: installing,
    help: 'https, with certificates of a lab CA in the data folder; clients find the CA at /ca.pem of the management listener',
  },
  'tls-names': {
    type: 'string',
    placeholder: 'LIST',
    default: undefined,
    defaultText: 'none',
    commands: ['up'],
    help: 'further names and addresses in the certificate, with commas, besides localhost, 127.0.0.1, ::1 and this machine',
  },
  'tls-cert': {
    type: 'string',
    placeholder: 'FILE',
    default: undefined,
    defaultText: 'none; up: lab CA',
    commands: ['up', 'node', 'balancer'],
    help: 'certificate of your own in PEM, with those above it: serves https (up: with --tls, to clients)',
  },
  'tls-key': {
    type: 'string',
    placeholder: 'FILE',
    default: undefined,
    defaultText: 'none; up: lab CA',
    commands: ['up', 'node', 'balancer'],
    help: 'private key of that certificate, in PEM',
  },
  schemes: {
    type: 'string',
    listOf: ['negotiate', 'ntlm', 'basic'],
    placeholder: 'LIST',
    default: 'negotiate,ntlm,basic',
    defaultText: 'all three',
    commands: serving,
    help: 'ways to sign in that servers offer, with commas between them: negotiate, ntlm, basic',
  },
  ntlm: {
    type: 'choice',
    choices: ['v2', 'v1-ess', 'v1'],
    default: 'v2',
    commands: serving,
    help: 'weakest NTLM response that is accepted: NTLMv2, NTLMv1 with extended session security, or any NTLMv1',
  },
  decommissioned: {
    type: 'boolean',
    default: false,
    commands: ['up'],
    help: 'decommission the cluster: it hands out content keys and does nothing else; cannot be undone',
  },
  'invert-persistent': {
    type: 'boolean',
    default: false,
    commands: ['up'],
    help: 'turn round what Persistent means in Certify: true asks for a temporary RAC',
  },
  'auto-sign-in': {
    type: 'boolean',
    default: false,
    commands: ['up'],
    help: 'the OAuth sign-in page takes login_hint at its word, without a password: for tests',
  },
  'token-issuer': {
    type: 'string',
    format: 'url',
    placeholder: 'URL',
    default: undefined,
    defaultText: 'our own',
    commands: ['up'],
    help: 'issuer (iss) whose access tokens count over REST, instead of our own sign-in service; kept with the installation',
  },
  'token-issuer-keys': {
    type: 'string',
    placeholder: 'FILE',
    default: undefined,
    defaultText: 'with token-issuer',
    commands: ['up'],
    help: 'JWKS with the public keys of that issuer: a file, or the JSON itself',
  },
  rest: {
    type: 'boolean',
    default: false,
    commands: ['demo'],
    help: 'tell the story over REST, as mobile devices live it, and across to SOAP',
  },
  'log-level': {
    type: 'choice',
    choices: ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'],
    default: 'info',
    commands: ['node', 'up', 'balancer', 'manage'],
    help: 'least important kind of message that is logged',
  },
  'log-xrml': {
    type: 'boolean',
    default: false,
    commands: serving,
    help: 'keep the received and issued XrML in the request log',
  },
  'spool-limit': {
    type: 'integer',
    minimum: 0,
    maximum: 1024 * megabyte,
    default: 64 * megabyte,
    commands: serving,
    help: 'request log records that may wait while the database is away, in bytes; requests are answered 503 above it',
  },

  ...sizingOptions,

  nodes: {
    type: 'string',
    placeholder: 'FILE|URL',
    default: undefined,
    defaultText: 'needed',
    commands: ['balancer'],
    help: 'JSON file with clusters, their listeners and nodes, read again at SIGHUP; or where management answers the nodes of --cluster, asked at every check',
  },
  'status-host': {
    type: 'string',
    placeholder: 'ADDRESS',
    default: '127.0.0.1',
    commands: ['balancer'],
    help: 'address of the status port of the balancer',
  },
  'status-port': {
    type: 'integer',
    minimum: 0,
    maximum: 65535,
    default: 0,
    commands: ['balancer'],
    help: 'port for status, metrics and changes of the node list; 0 takes any free one',
  },
  'balancer-token': {
    type: 'string',
    placeholder: 'TEXT',
    default: undefined,
    defaultText: 'a new one, printed',
    secret: true,
    commands: ['balancer'],
    help: 'token that changes of the node list must bring',
  },
  'listener-key': {
    type: 'string',
    format: 'header',
    placeholder: 'TEXT',
    default: undefined,
    defaultText: 'up: a new one',
    secret: true,
    commands: ['balancer', 'node'],
    help: 'secret of a balancer and its nodes: a node that knows it believes by which listener a request came, for the request log',
  },
  'max-connections': {
    type: 'integer',
    minimum: 1,
    maximum: 100_000,
    default: 4096,
    commands: ['balancer'],
    help: 'client connections of one listener; those above are closed',
  },
  'check-interval': {
    type: 'integer',
    minimum: 50,
    maximum: 60_000,
    default: 1000,
    commands: ['balancer'],
    help: 'time between two checks of a node, in milliseconds',
  },
  'drain-timeout': {
    type: 'integer',
    minimum: 1,
    maximum: 3600,
    default: 30,
    commands: ['balancer'],
    help: 'time that running requests get when a node leaves or the balancer stops, in seconds',
  },

  manage: {
    type: 'string',
    format: 'url',
    placeholder: 'URL',
    default: 'http://127.0.0.1:7080',
    commands: [...managing, 'load'],
    help: 'management address of the running installation',
  },
  token: {
    type: 'string',
    placeholder: 'TEXT',
    default: undefined,
    defaultText: 'up, manage: a new one; found',
    secret: true,
    commands: ['up', 'manage', 'balancer', ...managing, 'load'],
    help: 'token that the management listener asks for; that of an installation of this account on this machine is found',
  },
  for: {
    type: 'choice',
    choices: ['curl', 'node', 'python', 'dotnet', 'msdrm', 'msipc', 'sdk-cpp'],
    default: 'curl',
    commands: ['print-client'],
    help: 'the client',
  },
  force: {
    type: 'boolean',
    default: false,
    commands: ['remove-server', 'scp'],
    help: 'remove the last node of a licensing-only cluster too; scp: remove one that is not stale, move it to what is no cluster here',
  },
  server: {
    type: 'string',
    format: 'url',
    placeholder: 'URL',
    default: undefined,
    defaultText: 'port 7000; demo: its own',
    commands: asClient,
    help: 'address of the cluster, such as http://127.0.0.1:7000/_wmcs',
  },
  user: {
    type: 'string',
    placeholder: 'NAME',
    default: 'alice@contoso.test',
    commands: ['client', 'print-client'],
    help: 'account to sign in with: CONTOSO\\alice or alice@contoso.test',
  },
  password: {
    type: 'string',
    placeholder: 'TEXT',
    default: 'Passw0rd!',
    secret: true,
    commands: ['client', 'print-client'],
    help: 'password of the account',
  },
  'sign-in': {
    type: 'choice',
    choices: ['basic', 'ntlm', 'negotiate'],
    default: 'basic',
    commands: ['client', 'demo'],
    help: 'how the client signs in',
  },
  ca: {
    type: 'string',
    placeholder: 'FILE',
    default: undefined,
    defaultText: 'those of Node.js',
    commands: asClient,
    help: 'certificates in PEM that the certificate of an https server may lead to, such as /ca.pem of the management listener',
  },
  machine: {
    type: 'string',
    placeholder: 'NAME|DIR',
    default: undefined,
    defaultText: 'a new one',
    commands: ['client'],
    help: 'ready-made machine by name, such as alice-pc-mode2, or a folder with spc.xrml and key.pem',
  },
} as const satisfies Record<string, OptionRow>

type Options = typeof options
export type OptionName = keyof Options

/** The setting's environment variable: `manage-port` is `RMS_MANAGE_PORT`. */
export function environmentName(name: OptionName): string {
  return `RMS_${name.toUpperCase().replaceAll('-', '_')}`
}

export const optionNames = Object.keys(options) as OptionName[]

/** The row of a setting, without its literal types. */
export function optionRow(name: OptionName): OptionRow {
  return options[name]
}

/** The settings of a command, in the table's order. */
export function optionsOf(command: CommandName): readonly OptionName[] {
  return optionNames.filter((name) => optionRow(name).commands.includes(command))
}

type ValueOf<Row> = Row extends { type: 'integer' | 'number' }
  ? number
  : Row extends { type: 'boolean' }
    ? boolean
    : Row extends { type: 'choice'; choices: readonly (infer Choice)[] }
      ? Choice
      : Row extends { type: 'pairs'; values: infer Kind }
        ? readonly Pair<Kind extends 'integer' ? number : string>[]
        : string

type OrUndefined<Row> = Row extends { default: undefined } ? undefined : never

type NamesOf<Command extends CommandName> = {
  [Name in OptionName]: Command extends Options[Name]['commands'][number] ? Name : never
}[OptionName]

type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name

/** The typed values of a command's settings: `settings.managePort`. */
export type Settings<Command extends CommandName> = {
  readonly [Name in NamesOf<Command> as CamelCase<Name>]: ValueOf<Options[Name]> | OrUndefined<Options[Name]>
}
