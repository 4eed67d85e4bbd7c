/** Median and spread of what several rounds gave. */

export interface Spread {
  readonly median: number
  readonly lowest: number
  readonly highest: number
}

/** @throws RangeError without values */
export function spreadOf(values: readonly number[]): Spread {
  return { median: percentile(values, 50), lowest: percentile(values, 0), highest: percentile(values, 100) }
}

/**
 * Where rounds are short and many, the lowest and the highest tell of the machine alone.
 * @throws RangeError without values
 */
export function quartilesOf(values: readonly number[]): Spread {
  return { median: percentile(values, 50), lowest: percentile(values, 25), highest: percentile(values, 75) }
}

/**
 * Between two values it is where the straight line between them is, so that the 50th of an even number is their mean.
 * @param percent 0 to 100
 * @throws RangeError without values
 */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((left, right) => left - right)
  const position = ((sorted.length - 1) * percent) / 100
  const [below, above] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]]
  if (below === undefined || above === undefined) throw new RangeError('There are no values')
  return below + (above - below) * (position - Math.floor(position))
}
