/** Settings of what a lab has and a product has not: a part of the one list of settings (options.ts). */
import { serving, type OptionRows } from './option-row.js'

export const labOptions = {
  'no-lab': {
    type: 'boolean',
    default: false,
    commands: [...serving, 'manage'],
    help: 'no controls of a lab: no clock that is set, no faults, nothing at /lab, whatever the database has of it',
  },
  'header-faults': {
    type: 'boolean',
    default: false,
    commands: serving,
    help: 'let a request ask for a fault itself, by the header X-Lab-Fault with the name of one that is set or ready',
  },
} as const satisfies OptionRows
