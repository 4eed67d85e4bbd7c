/** Exclusion by version of the security processor ([MS-RMPR] 3.3.4.1, 3.4.4.1). */

/**
 * Whether a security processor is too old. The policy names a minimum; a machine that states no version cannot meet one.
 * @param version trailing a.b.c.d of its Repository security level
 * @param minimum null: no policy
 */
export function isSecurityProcessorExcluded(version: string | undefined, minimum: string | null): boolean {
  if (minimum === null) return false
  if (version === undefined) return true
  const parts = (text: string): readonly number[] => text.split('.').map(Number)
  const wanted = parts(minimum)
  const difference = parts(version)
    .map((part, index) => part - (wanted[index] ?? 0))
    .find((found) => found !== 0)
  return difference !== undefined && difference < 0
}
