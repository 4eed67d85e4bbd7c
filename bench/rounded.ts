/** Three figures are all that such a measurement is good for; whole numbers from 100 on. '' for what was not measured. */
export function rounded(value: number | undefined): string {
  if (value === undefined) return ''
  if (Math.abs(value) >= 100) return value.toFixed(0)
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2)
}
