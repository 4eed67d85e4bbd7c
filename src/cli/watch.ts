/** What changes while people look at it. */
import { pause, type Timers } from '../effects.js'

/** Milliseconds between two looks. */
const interval = 1000

interface Watching {
  /** Also what is as it was before: a terminal may have another size now. */
  readonly always: boolean
  readonly timers: Timers
  /** Ends it. */
  readonly signal: AbortSignal
}

/**
 * Looks at once and then every second, and shows what is new.
 * @returns when the signal is aborted
 * @throws what `look` throws
 */
export async function watchChanges<Seen>(
  look: () => Promise<Seen>,
  show: (seen: Seen) => void,
  { always, timers, signal }: Watching,
): Promise<void> {
  let before = ''
  const stopped = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  while (!signal.aborted) {
    const seen = await Promise.race([look(), stopped])
    if (seen === undefined) return
    const text = JSON.stringify(seen)
    if (always || text !== before) show(seen)
    before = text
    await pause(timers, interval, signal)
  }
}

interface Screen {
  readonly isTTY?: boolean
  readonly rows?: number
  write(text: string): unknown
}

/** On a terminal each text stands in the place of the one before; elsewhere it follows it after an empty line. */
export function createRedrawn(screen: Screen): (text: string) => void {
  let drawn = 0
  return (text) => {
    const isFirst = drawn++ === 0
    if (screen.isTTY !== true) {
      screen.write(`${isFirst ? '' : '\n'}${text}\n`)
      return
    }
    // From the top of the screen, over the text before: nothing flickers.
    const lines = fitting(text.split('\n'), screen.rows ?? Infinity).map((line) => `${line}\u001B[K\n`)
    screen.write(`${isFirst ? '\u001B[2J' : ''}\u001B[H${lines.join('')}\u001B[J`)
  }
}

/** The line below the last one is where the cursor stands. */
function fitting(lines: readonly string[], rows: number): readonly string[] {
  if (lines.length < rows) return lines
  const shown = Math.max(1, rows - 2)
  return [...lines.slice(0, shown), `… ${lines.length - shown} more lines: in a taller window`]
}
