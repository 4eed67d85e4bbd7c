/** Settings of what a lab has and a product has not: a part of the one list of settings (options.ts). */
import { serving, type OptionRows } from './option-row.js'

const megabyte = 1024 * 1024

export const labOptions = {
  'no-lab': {
    type: 'boolean',
    default: false,
    commands: [...serving, 'manage'],
    help: 'no controls of a lab: no clock that is set, no faults, nothing at /lab, whatever the database has of it',
  },
  'seed-file': {
    type: 'string',
    placeholder: 'FILE',
    default: undefined,
    defaultText: 'none',
    commands: ['up'],
    help: 'what a new installation begins with: accounts, groups, clusters, templates, clock and faults, in YAML or JSON; lab export writes one',
  },
  seed: {
    type: 'string',
    format: 'seed',
    placeholder: 'SEED',
    default: undefined,
    defaultText: { load: '1', size: '1', others: 'unpredictable' },
    commands: ['up', 'provision', 'load', 'size'],
    help: 'a number or a text that chance follows from. A new installation answers the same requests in the same order with the same bytes, and whoever knows the seed knows every key; a load has the same schedule',
  },
  clock: {
    type: 'string',
    placeholder: 'TIME',
    default: undefined,
    defaultText: 'real',
    commands: ['up', 'provision'],
    help: 'clock of the forest from the start on: 2026-01-01T00:00:00Z stands there, P30D is off by that, 2026-01-01T00:00:00Z/PT1S goes on with each request',
  },
  forest: {
    type: 'string',
    format: 'forest',
    placeholder: 'NAME',
    default: undefined,
    defaultText: 'contoso.test, or that of the data folder or database',
    commands: ['up', 'provision'],
    help: 'DNS name of the forest of a new installation, such as fabrikam.test: its accounts, mail addresses and SIDs are those of this forest',
  },
  scopes: {
    type: 'integer',
    minimum: 0,
    maximum: 100,
    default: 0,
    commands: ['up'],
    help: 'scopes that there may be at one time: forests of their own at /f/NAME, made by the first request for each; 0 for none',
  },
  'scope-idle': {
    type: 'integer',
    minimum: 1,
    maximum: 86_400,
    default: 600,
    commands: ['up'],
    help: 'time without a request until a scope is gone, in seconds',
  },
  profile: {
    type: 'choice',
    choices: ['2016', '2008', 'strict'],
    default: '2016',
    commands: serving,
    help: 'which Windows servers are like: 2008 (and 2008 R2; VersionData up to 1.1.0.0), 2016 (and all since 2008 R2 SP1), or strict, which refuses a request without VersionData',
  },
  'header-faults': {
    type: 'boolean',
    default: false,
    commands: serving,
    help: 'let a request ask for a fault itself, by the header X-Lab-Fault with the name of one that is set or ready',
  },
  'journal-bytes': {
    type: 'integer',
    minimum: 0,
    maximum: 4 * 1024 * megabyte,
    default: 32 * megabyte,
    commands: serving,
    help: 'memory that each server has for the journal of its last exchanges, in bytes',
  },
  'journal-entries': {
    type: 'integer',
    minimum: 1,
    maximum: 100_000,
    default: 1000,
    commands: serving,
    help: 'exchanges that the journal of each server has at most',
  },
  'no-journal': {
    type: 'boolean',
    default: false,
    commands: serving,
    help: 'keep no journal of the last exchanges',
  },
  'journal-secrets': {
    type: 'boolean',
    default: false,
    commands: serving,
    help: 'show passwords, tokens and private keys in the journal as they travelled',
  },
} as const satisfies OptionRows
