/** How a command that serves ends: by a signal that asks it to, or with an error that nobody caught. */
import closeWithGrace from 'close-with-grace'

/** What a process gets that crashes. Whatever listens to these keeps it from ending: it crashes at the same place again, for ever. */
const crashes: readonly closeWithGrace.Signals[] = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV']

/**
 * @param options `delay`: milliseconds that `close` may take
 * @param close told what ends the process
 */
export function endWithGrace(
  { skip = [], ...options }: closeWithGrace.Options & { readonly delay: number },
  close: closeWithGrace.CloseWithGraceAsyncCallback,
): ReturnType<typeof closeWithGrace> {
  return closeWithGrace({ logger: false, ...options, skip: [...crashes, ...skip] }, close)
}
