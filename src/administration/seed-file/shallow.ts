/** How deep a YAML text is nested, found out without the parser: it calls itself for each level. */
import { CST, Lexer } from 'yaml'

export const deepest = 40

/** Tokens that may begin a level on the line on which they stand. */
const indicators = new Set<unknown>(['seq-item-ind', 'explicit-key-ind', 'map-value-ind'])
const opening = new Set<unknown>(['flow-seq-start', 'flow-map-start'])
const closing = new Set<unknown>(['flow-seq-end', 'flow-map-end'])

/** Whether it has at most `deepest` levels of brackets, of indentation, and of what begins on one line. */
export function isShallow(text: string): boolean {
  let brackets = 0
  let onLine = 0
  let isLineStart = true
  const indents: number[] = []
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token)
    if (type === 'newline') {
      isLineStart = true
      onLine = 0
      continue
    }
    if (brackets === 0 && isLineStart) indent(indents, type === 'space' ? token.length : 0)
    isLineStart = false
    if (opening.has(type)) brackets++
    if (closing.has(type)) brackets--
    if (brackets === 0 && indicators.has(type)) onLine++
    if (Math.max(brackets, onLine, indents.length) > deepest) return false
  }
  return true
}

/** Levels of indentation that are open, each deeper than the one before. */
function indent(open: number[], width: number): void {
  while (open.length > 0 && (open.at(-1) ?? 0) >= width) open.pop()
  open.push(width)
}
