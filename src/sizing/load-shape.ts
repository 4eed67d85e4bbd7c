/** How load goes up and down over a run: the rate as a line through points, as a share of the highest rate. */

export const shapeNames = ['constant', 'ramp', 'daily', 'spike'] as const
export type ShapeName = (typeof shapeNames)[number]

/** Time and rate of a corner, both from 0 to 1. */
type Corner = readonly [time: number, rate: number]

/**
 * A day's 25 hours from midnight to midnight. The busiest one is three times the average, as the planning rule has it (TechNet, RMS
 * capacity planning: peak = 3 × average).
 */
const hours = [
  0.03, 0.02, 0.02, 0.02, 0.02, 0.04, 0.1, 0.3, 0.7, 0.95, 1, 0.9, 0.6, 0.5, 0.7, 0.6, 0.5, 0.4, 0.2, 0.12, 0.1, 0.08,
  0.06, 0.04, 0.03,
] as const

const corners: Readonly<Record<ShapeName, readonly Corner[]>> = {
  constant: [
    [0, 1],
    [1, 1],
  ],
  ramp: [
    [0, 0],
    [1, 1],
  ],
  daily: hours.map((rate, hour): Corner => [hour / 24, rate]),
  // Quiet; then a protected mail to everybody, read by most in the first minutes, and the replies to it.
  spike: [
    [0, 0.1],
    [0.2, 0.1],
    [0.21, 1],
    [0.3, 0.6],
    [0.4, 0.38],
    [0.55, 0.22],
    [0.7, 0.14],
    [0.85, 0.1],
    [1, 0.1],
  ],
}

export interface LoadShape {
  readonly name: ShapeName
  /** The highest rate, in arrivals per second. */
  readonly highestRate: number
  readonly seconds: number
}

/** Arrivals per second at that time. */
export function rateAt({ name, highestRate, seconds }: LoadShape, time: number): number {
  const at = time / seconds
  const [start, end] = pieceAt(name, ([, next]) => at <= next[0])
  return highestRate * (start[1] + (end[1] - start[1]) * ((at - start[0]) / (end[0] - start[0])))
}

/** How many arrivals the whole run has on average. */
export function expectedArrivals({ name, highestRate, seconds }: LoadShape): number {
  return highestRate * seconds * pieces(name).reduce((sum, piece) => sum + areaOf(piece), 0)
}

/**
 * The time by which that many arrivals are expected.
 * @returns undefined when the run ends before
 */
export function timeOfArrival(shape: LoadShape, count: number): number | undefined {
  let left = count / (shape.highestRate * shape.seconds)
  for (const piece of pieces(shape.name)) {
    const area = areaOf(piece)
    if (left <= area) return shape.seconds * timeWithin(piece, left)
    left -= area
  }
  return undefined
}

type Piece = readonly [start: Corner, end: Corner]

function pieces(name: ShapeName): readonly Piece[] {
  return corners[name].slice(1).map((end, index): Piece => [corners[name][index] ?? end, end])
}

function pieceAt(name: ShapeName, holds: (piece: Piece) => boolean): Piece {
  const all = pieces(name)
  return all.find(holds) ?? (all.at(-1) as Piece)
}

function areaOf([start, end]: Piece): number {
  return ((start[1] + end[1]) / 2) * (end[0] - start[0])
}

/** Where the area under the piece, from its start, reaches that size: a quadratic equation, written so that a level piece needs no case. */
function timeWithin([start, end]: Piece, area: number): number {
  const slope = (end[1] - start[1]) / (end[0] - start[0])
  const root = Math.sqrt(Math.max(0, start[1] ** 2 + 2 * slope * area))
  return area === 0 ? start[0] : start[0] + (2 * area) / (start[1] + root)
}
