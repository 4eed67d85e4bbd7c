/** What `lab journal` can be narrowed by: flags of the command, parameters of the management API. */

/** Name, and what stands in help. */
export const journalFilters = [
  ['operation', 'such as AcquireLicense'],
  ['user', 'account, by name or mail address'],
  ['node', 'server that answered'],
  ['cluster', 'cluster that it is of'],
  ['outcome', 'Succeeded or Failed'],
  ['status', 'HTTP status'],
  ['exception', 'what it was refused with'],
  ['fault', 'fault of the lab that fired'],
  ['guid', 'of a content or template in it'],
  ['text', 'somewhere in request, answer or reason'],
  ['since', 'time by the clock of the forest, such as 2026-01-01T00:00:00Z'],
] as const

export const filterNames: readonly string[] = journalFilters.map(([name]) => name)
