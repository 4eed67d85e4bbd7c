/** Settings of what a lab has and a product has not. */
import { serving, type OptionRows } from './option-row.js'

export const labOptions = {
  'header-faults': {
    type: 'boolean',
    default: false,
    commands: serving,
    help: 'let a request ask for a fault itself, by the header X-Lab-Fault with the name of one that is set or ready',
  },
} as const satisfies OptionRows
