/** Settings about limits and logs: a part of the one list of settings (options.ts). */
import { serving, type OptionRows } from './option-row.js'

const megabyte = 1024 * 1024

export const limitOptions = {
  'body-limit': {
    type: 'integer',
    minimum: 1024,
    maximum: 256 * megabyte,
    default: 4 * megabyte,
    commands: ['node', 'up', 'balancer'],
    help: 'largest request body, in bytes, unpacked; the balancer keeps bodies up to it, to send them again',
  },
  'header-limit': {
    type: 'integer',
    minimum: 4096,
    maximum: megabyte,
    default: 64 * 1024,
    commands: ['node', 'up', 'balancer'],
    help: 'largest head of a request, in bytes: address and headers, such as a token of Kerberos; a node takes a little more, for what a balancer adds',
  },
  'request-timeout': {
    type: 'integer',
    minimum: 1,
    maximum: 3600,
    default: 30,
    commands: ['node', 'up', 'client', 'balancer', 'load'],
    help: 'time that one request may take, in seconds',
  },
  'log-level': {
    type: 'choice',
    choices: ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'],
    default: undefined,
    defaultText: 'info',
    commands: ['node', 'up', 'balancer', 'manage'],
    help: 'least important kind of message that is logged; on a terminal it asks for the whole log in place of a line for each request',
  },
  'log-file': {
    type: 'string',
    placeholder: 'FILE',
    default: undefined,
    defaultText: 'none',
    commands: ['node', 'up', 'balancer', 'manage'],
    help: 'file that the log is added to, as lines of JSON; a terminal goes on showing a line for each request',
  },
  'request-log-rows': {
    type: 'integer',
    minimum: 0,
    maximum: 1_000_000_000,
    default: 1_000_000,
    commands: serving,
    help: 'records that the request log keeps: of more, the oldest go within minutes; 0 for all',
  },
  'request-log-days': {
    type: 'integer',
    minimum: 0,
    maximum: 36_500,
    default: 0,
    commands: serving,
    help: "days that the request log keeps a record, by the lab's clock; 0 for ever",
  },
  'log-xrml': {
    type: 'boolean',
    default: false,
    commands: serving,
    help: 'keep the received and issued XrML in the request log',
  },
} as const satisfies OptionRows
