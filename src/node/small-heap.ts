/**
 * How much memory the process of a server takes. By themselves V8 and the C library let their heaps grow to several times of what a busy process uses;
 * a machine that runs a whole installation has better use for that. For processes of our own alone: it is for all that run in one.
 */
import { setFlagsFromString } from 'node:v8'

/**
 * V8's heap grows by less than a third before it looks for what is not used. (The space for what is new is left alone: kept from growing, it stays small when
 * an idle time has shrunk it, and a license takes a quarter more time from then on.)
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=30')
}

/**
 * Environment of a process whose C heap is to be small, read by glibc when it starts: one arena for all threads; what is free at the end of it goes back to
 * the system from 128 KiB on always, not ever later, and pieces of that size are asked of the system one by one.
 */
export const smallHeapEnvironment = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' } as const
