/** Tables as text (RFC 4180). */

/** A header line and a line for each row; a field that is missing is empty. */
export function csv<Row>(columns: readonly (keyof Row & string)[], rows: readonly Partial<Row>[]): string {
  const lines = rows.map((row) => columns.map((column) => field(String(row[column] ?? ''))).join(','))
  return [columns.join(','), ...lines].map((line) => `${line}\r\n`).join('')
}

/** Spreadsheets compute what begins like a formula, and callers choose their user agent: an apostrophe makes it text. */
function field(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
