/** Texts in columns of characters. */

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

/** Without what could move a terminal's cursor or change its colors: texts of clients are shown too. */
export function withoutControls(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '·')
}
