/** What follows from a document alone is made once, and goes when the document goes. */
import type { XrmlDocument } from './document.js'

/** @param make whatever it throws is thrown again the next time */
export function oncePerDocument<Made extends object>(make: (document: XrmlDocument) => Made): (document: XrmlDocument) => Made {
  const made = new WeakMap<XrmlDocument, Made>()
  return (document) => {
    const before = made.get(document)
    if (before !== undefined) return before
    const now = make(document)
    made.set(document, now)
    return now
  }
}
