/** Settings about the database, keys, and how they are signed with: a part of the one list of settings (options.ts). */
import { installing, onDatabase, serving, type OptionRows } from './option-row.js'

const megabyte = 1024 * 1024

export const storeOptions = {
  db: {
    type: 'string',
    placeholder: 'PATH',
    default: undefined,
    defaultText: { up: 'a file in the data folder', scp: 'the running installation', others: 'needed' },
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
  migrate: {
    type: 'boolean',
    default: false,
    commands: [...onDatabase, 'scp'],
    help: 'upgrade a PostgreSQL database that an earlier version of this program made: take a dump first (an SQLite file is copied and upgraded without being told to)',
  },
  'refresh-interval': {
    type: 'integer',
    minimum: 1,
    maximum: 3600,
    default: 1,
    commands: ['up'],
    help: 'how often a node looks for a changed configuration, in seconds',
  },
  'spool-limit': {
    type: 'integer',
    minimum: 0,
    maximum: 1024 * megabyte,
    default: 64 * megabyte,
    commands: serving,
    help: 'request log records that may wait while the database is away, in bytes; requests are answered 503 above it',
  },
  'crypto-mode': {
    type: 'choice',
    choices: [1, 2],
    // A cluster that is there keeps its own: what was not told is not asked of it.
    default: undefined,
    defaultText: '2',
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
  'invert-persistent': {
    type: 'boolean',
    default: false,
    commands: ['up'],
    help: 'turn round what Persistent means in Certify: true asks for a temporary RAC',
  },
} as const satisfies OptionRows
