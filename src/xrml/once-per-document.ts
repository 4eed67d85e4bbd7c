/**
 * What follows from a document alone is made once, and kept with the document: it goes when the document goes. (A WeakMap would say the same, and cost
 * the garbage collector more than all that it saves.)
 */
import type { XrmlDocument } from './document.js'

export interface Slot<Value> {
  get(document: XrmlDocument): Value | undefined
  set(document: XrmlDocument, value: Value): void
  forget(document: XrmlDocument): void
}

/** A place for one more thing to remember of each document. */
export function documentSlot<Value>(): Slot<Value> {
  const place = Symbol('slot')
  return {
    get: (document) => document.made.get(place) as Value | undefined,
    set: (document, value) => void document.made.set(place, value),
    forget: (document) => void document.made.delete(place),
  }
}

/** @param make whatever it throws is thrown again the next time */
export function oncePerDocument<Made extends object>(
  make: (document: XrmlDocument) => Made,
): (document: XrmlDocument) => Made {
  const slot = documentSlot<Made>()
  return (document) => {
    const before = slot.get(document)
    if (before !== undefined) return before
    const made = make(document)
    slot.set(document, made)
    return made
  }
}
