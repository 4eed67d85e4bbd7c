/** Options of `up` that another one switches off: refused, since whoever gives both expects something of both. */
import type { OptionName } from './options.js'
import type { SettingValue } from './parse-value.js'

interface Pairing {
  readonly names: readonly OptionName[]
  readonly by: OptionName
  /** Whether that value leaves them without meaning. */
  readonly isOff: (value: SettingValue) => boolean
  /** What becomes of them, and what to do. */
  readonly why: string
}

const isTrue = (value: SettingValue): boolean => value === true

export const pairings: readonly Pairing[] = [
  {
    names: ['ntlm'],
    by: 'schemes',
    isOff: (value) => value === 'basic',
    why: 'is about NTLM, which nobody is offered with --schemes basic: leave it out, or offer ntlm or negotiate too',
  },
  {
    names: ['journal-bytes', 'journal-entries', 'journal-secrets'],
    by: 'no-journal',
    isOff: isTrue,
    why: 'is about the journal, and --no-journal keeps none: give one of them',
  },
  {
    names: ['journal-bytes', 'journal-entries', 'journal-secrets'],
    by: 'no-lab',
    isOff: isTrue,
    why: 'is about the journal, and --no-lab keeps none: give one of them',
  },
  {
    names: ['header-faults'],
    by: 'no-lab',
    isOff: isTrue,
    why: 'is about faults, and --no-lab has none: give one of them',
  },
  {
    names: ['keep-documents'],
    by: 'no-lab',
    isOff: isTrue,
    why: 'is about documents that pass, and --no-lab keeps none: give one of them',
  },
  {
    names: ['scope-idle'],
    by: 'scopes',
    isOff: (value) => value === 0,
    why: 'is about scopes, and there are none: give --scopes N too',
  },
]
