/** Exit codes of commands that a signal ends. */
import { constants } from 'node:os'

/** What shells say of a process that the signal ended: 130 for SIGINT, 143 for SIGTERM. 1 for none. */
export function stopCode(signal: NodeJS.Signals | undefined): number {
  return signal === undefined ? 1 : 128 + constants.signals[signal]
}
