/** Days as ISO 8601 writes them. */

/** Whether the day exists that a text begins with: Date takes the 30th of February for the 2nd of March. True for what begins with no day. */
function beginsWithCalendarDay(text: string): boolean {
  const day = /^\s*(\d{4}-\d{2}-\d{2})/.exec(text)?.[1]
  if (day === undefined) return true
  const time = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(day)
}

/** Whether it is a time that Date reads, and its day exists. */
export function isTime(text: string): boolean {
  return !Number.isNaN(new Date(text).getTime()) && beginsWithCalendarDay(text)
}
