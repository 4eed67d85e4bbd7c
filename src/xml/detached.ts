/**
 * The same text in memory of its own. V8 makes a slice of a string by pointing into it: what is cut out of a message and kept would keep the whole
 * message.
 */
export function detached(text: string): string {
  return ` ${text}`.slice(1)
}
