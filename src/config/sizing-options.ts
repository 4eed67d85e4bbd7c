/** Settings about capacity and load: a part of the one list of settings (options.ts), which says what a row is. */

/** Know of a server's capacity. */
const emulating = ['up', 'node', 'size'] as const
/** Send load, or say what it would do. */
const loading = ['load', 'size'] as const

export const sizingOptions = {
  capacity: {
    type: 'string', format: 'capacity', placeholder: 'N|NAME', default: undefined, defaultText: 'that of the machine', commands: emulating,
    help: 'each node behaves like a server of so many operations per second, or like a published one: windows-2003 (as size has it), windows-2003-low',
  },
  'service-time': {
    type: 'number', minimum: 0.01, maximum: 100_000, default: undefined, defaultText: 'from --capacity', commands: emulating,
    help: 'the same said otherwise: time that such a server takes for one operation, in milliseconds',
  },
  'service-distribution': {
    type: 'choice', placeholder: 'NAME', choices: ['fixed', 'exponential'], default: 'fixed', commands: emulating,
    help: 'whether each operation of such a server takes the same time, or times vary widely',
  },
  // By default the queue length of an IIS application pool.
  'queue-limit': {
    type: 'integer', minimum: 0, maximum: 100_000, default: 1000, commands: emulating,
    help: 'requests that may wait at such a server; those above get 503, as from IIS',
  },

  rate: {
    type: 'number', minimum: 0.01, maximum: 100_000, default: 10, commands: ['load'],
    help: 'requests per second, where the load is highest',
  },
  duration: {
    type: 'number', minimum: 0.1, maximum: 86_400, default: undefined, defaultText: 'load: 60; size: 120', commands: loading,
    help: 'how long load is sent, in seconds',
  },
  shape: {
    type: 'choice', choices: ['constant', 'ramp', 'daily', 'spike'], default: 'constant', commands: ['load'],
    help: 'how load goes up and down, a spike being a mail to all staff',
  },
  arrivals: {
    type: 'choice', choices: ['poisson', 'even'], default: 'poisson', commands: ['load'],
    help: 'whether requests come independently of each other, as those of people do, or evenly spaced',
  },
  mix: {
    type: 'pairs', values: 'integer', minimum: 1, maximum: 1_000_000, placeholder: 'OPERATION=N', default: [{ key: 'license', value: 1 }], commands: ['load'],
    help: 'operation and its weight; repeatable: license, certify, clc, publish, templates, locate',
  },
  accounts: {
    type: 'integer', minimum: 1, maximum: 10_000, default: 3, commands: ['load'],
    help: 'accounts that load comes from; those above the three of the lab are made by management',
  },
  contents: {
    type: 'integer', minimum: 1, maximum: 10_000, default: 20, commands: ['load'],
    help: 'number of publishing licenses that use licenses are asked for',
  },
  connections: {
    type: 'integer', minimum: 1, maximum: 20_000, default: 2000, commands: ['load'],
    help: 'connections at most; requests that find none free are counted as not sent',
  },
  seed: {
    type: 'integer', minimum: 0, maximum: 2_147_483_647, default: 1, commands: loading,
    help: 'the same seed gives the same schedule',
  },
  out: {
    type: 'string', placeholder: 'DIR', default: undefined, defaultText: 'load: rms-load; size: none', commands: loading,
    help: 'folder for the report: a page with charts, JSON and CSV; load compares with the last run that it finds there',
  },

  users: {
    type: 'integer', minimum: 1, maximum: 1_000_000_000, default: undefined, defaultText: 'the published examples', commands: ['size'],
    help: 'number of users',
  },
  active: {
    type: 'number', minimum: 0, maximum: 1, default: 0.5, commands: ['size'],
    help: 'share of users that work with protected items',
  },
  'items-per-hour': {
    type: 'number', minimum: 0, maximum: 100_000, default: 8, commands: ['size'],
    help: 'protected items that each of them opens in an hour',
  },
  'peak-factor': {
    type: 'number', minimum: 1, maximum: 1000, default: 3, commands: ['size'],
    help: 'how much more than the average the busiest time needs',
  },
  growth: {
    type: 'number', minimum: 0.01, maximum: 1000, default: 1, commands: ['size'],
    help: 'what the load will be, as a multiple of that of today',
  },
  percentile: {
    type: 'number', minimum: 1, maximum: 99.99, default: 95, commands: ['size'],
    help: 'percentage of answers that must come in time',
  },
  within: {
    type: 'number', minimum: 0.01, maximum: 1_000_000, default: 1000, commands: ['size'],
    help: 'the time they have, in milliseconds',
  },
  spare: {
    type: 'integer', minimum: 0, maximum: 64, default: 1, commands: ['size'],
    help: 'servers more than the load needs, so that some may fail',
  },
  verify: {
    type: 'boolean', default: false, commands: ['size'],
    help: 'start such a cluster with emulated capacity, load it, and compare with what was predicted',
  },
  scale: {
    type: 'number', minimum: 1, maximum: 100_000, default: undefined, defaultText: 'so that the machine can', commands: ['size'],
    help: 'with --verify: how many times slower than real time everything is done',
  },
  sweep: {
    type: 'boolean', default: false, commands: ['size'],
    help: 'throughput and p95 against load for clusters of 1 to 16 servers, as a chart with --out',
  },
} as const
