/**
 * A place in the journals of all nodes: how many exchanges of each were there. Whoever reads on from there gets each later one once, whichever node it
 * was at.
 */

export interface NodePosition {
  /** Of one life of the node: it begins anew with each start. */
  readonly boot: string
  /** Of the last exchange that was there; 0 for none. */
  readonly sequence: number
}

/** By id of the node. */
export type Position = ReadonlyMap<string, NodePosition>

/** `root-1=mim0x3ab.120,root-2=mim0x4cd.98`: one line without blanks, as the id of a server-sent event must be. */
export function writePosition(position: Position): string {
  return [...position]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([node, { boot, sequence }]) => `${encodeURIComponent(node)}=${boot}.${sequence}`)
    .join(',')
}

/** @returns undefined for what is no position */
export function readPosition(text: string): Position | undefined {
  if (text === '') return new Map()
  const parts = text.split(',').map((part) => /^([\w.~!*'()%-]{1,300})=(\w{1,40})\.(\d{1,15})$/.exec(part))
  const position = new Map<string, NodePosition>()
  for (const part of parts) {
    const [, node = '', boot = '', sequence = ''] = part ?? []
    if (part === null || !isEncoded(node)) return undefined
    position.set(decodeURIComponent(node), { boot, sequence: Number(sequence) })
  }
  return position
}

function isEncoded(text: string): boolean {
  return !/%(?![\dA-Fa-f]{2})/.test(text) && isDecodable(text)
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
