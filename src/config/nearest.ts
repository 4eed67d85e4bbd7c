/** Which known name a mistyped one was meant to be. */

/** The candidate with the fewest edits (insert, delete, replace, swap of neighbors), or undefined when none is at all like it. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let fewest = Infinity
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance >= fewest || distance > Math.max(name.length, candidate.length) / 2) continue
    best = candidate
    fewest = distance
  }
  return best
}

/** Names longer than this are nobody's typing error; the bound keeps the quadratic work small. */
const longest = 64

/** Restricted Damerau-Levenshtein distance. */
export function editDistance(from: string, to: string): number {
  if (from.length > longest || to.length > longest) return Infinity
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1]
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
        swapped ? at(beforeLast, column - 2) + 1 : Infinity,
      )
    }
    beforeLast = last
    last = current
  }
  return at(last, to.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity
}
