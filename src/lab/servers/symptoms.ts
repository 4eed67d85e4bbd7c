/** Rows of the symptom catalogue (adrms-deployment 6) that are brought about by what is set for a server, or for all of them, as on Windows. */
import type { ServerControl } from './controls.js'
import type { InstallationControl } from './installation-controls.js'

export interface ServerSymptom {
  /** Of the symptom catalogue. */
  readonly row: number
  /** Of one server, or of all of them. */
  readonly of: 'server' | 'installation'
  readonly control: ServerControl | InstallationControl
  /** What was behind it on Windows. */
  readonly cause: string
  /** What the client has of it. */
  readonly symptom: string
}

/** In order of the rows. */
export const serverSymptoms: readonly ServerSymptom[] = [
  {
    row: 7,
    of: 'server',
    control: 'skew',
    cause: 'the clock of one server is wrong',
    symptom: 'what it issues has ended, or has not begun, to clients and to the other servers',
  },
  {
    row: 10,
    of: 'installation',
    control: 'logQueueFull',
    cause: 'MSMQ is full, as the logging database or its listener is down',
    symptom: '503 for every request; balancers have nobody to ask',
  },
  {
    row: 11,
    of: 'installation',
    control: 'databaseAway',
    cause: 'the configuration database is down',
    symptom: 'who is known gets licenses; new users are refused with UnspecifiedErrorException',
  },
  {
    row: 12,
    of: 'server',
    control: 'directoryAway',
    cause: 'one server reaches no global catalog',
    symptom: 'whom it does not remember it refuses with UnspecifiedErrorException',
  },
  {
    row: 13,
    of: 'server',
    control: 'wrongKeyPassword',
    cause: 'the cluster key password was reset, and not on this server',
    symptom: '500 now and then: whenever the balancer chooses that server',
  },
  {
    row: 13,
    of: 'server',
    control: 'stale',
    cause: 'one server has other settings than the others',
    symptom: 'it answers by what was changed: templates, exclusion and trust of before',
  },
]
