/** The window that a command runs in may be closed while it runs. */
import { closeSync } from 'node:fs'
import { isatty } from 'node:tty'

const standard = [0, 1, 2]

/** At its end Node.js puts the terminal back into the state that it found, and crashes when there is none any more: then it is not to know of one. */
export function surviveLostTerminal(): void {
  const terminals = standard.filter((descriptor) => isatty(descriptor))
  if (terminals.length === 0) return
  process.on('exit', () => {
    for (const descriptor of terminals) if (!isatty(descriptor)) closeSync(descriptor)
  })
}
