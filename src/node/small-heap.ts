/**
 * How much memory the process of a server takes. By itself V8 lets the heap of a busy process grow to several times of what is used before it looks for what
 * is not; a machine that runs a whole installation has better use for that.
 */
import { setFlagsFromString } from 'node:v8'

/**
 * The heap grows by half before the next collection, and the space for what is new stays as it is. Measured under full load: 125 to 136 MB instead of 175 to
 * 220, for up to 5 % more processor time when every license is of another PL, and none for one PL. For processes of our own alone: it is for all that
 * run in one.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=50')
  setFlagsFromString('--semi-space-growth-factor=1')
}
