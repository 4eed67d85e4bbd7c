/** Texts in columns of characters. */
import { wordsOf } from '../command-line.js'

/** The end is cut off with an ellipsis where it does not fit. */
export function clipped(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
}

/**
 * Lines of at most that many characters, broken between words. A word that is longer stands on a line of its own, whole where `keepsWords`
 * (addresses are copied), in pieces otherwise.
 */
export function wrapped(text: string, width: number, keepsWords = false): readonly string[] {
  const lines: string[] = []
  const words = text.split(' ').flatMap((word) => (keepsWords ? [word] : piecesOf(word, width)))
  for (const word of words) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}

function piecesOf(word: string, width: number): readonly string[] {
  if (word.length <= width) return [word]
  return Array.from({ length: Math.ceil(word.length / width) }, (_, index) =>
    word.slice(index * width, (index + 1) * width),
  )
}

/**
 * A text of several lines, each broken between words where it is longer; what follows stands under its first word. Colors take no room, and words
 * stay whole, and so do commands: both are copied.
 */
export function folded(text: string, width: number): string {
  if (width === Infinity) return text
  return text
    .split('\n')
    .map((line) => foldedLine(line, width))
    .join('\n')
}

function foldedLine(line: string, width: number): string {
  if (visibleLength(line) <= width) return line
  const [indent = ''] = /^ */.exec(line) ?? []
  const lines: string[] = []
  for (const word of wordsOf(line.slice(indent.length))) {
    const last = lines.at(-1)
    if (last !== undefined && visibleLength(last) + 1 + visibleLength(word) <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(`${indent}${word}`)
  }
  return lines.join('\n')
}

function visibleLength(text: string): number {
  return text.replace(/\u001B\[[0-9;]*m/g, '').length
}

/** Without what could move a terminal's cursor or change its colors: texts of clients are shown too. */
export function withoutControls(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '·')
}
