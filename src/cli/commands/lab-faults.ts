/** `lab faults`: the faults of a running installation. */
import type { FaultChange, FaultReading, FaultRemoval } from '../../administration/lab/faults.js'
import type { ReadyFault, RowOfOthers } from '../../lab/faults/catalogue.js'
import { Failure } from '../failure.js'
import { callManagement, type ManagementSettings } from '../management-call.js'
import { createOutput, table } from '../output.js'

type FaultSettings = ManagementSettings & { readonly json: boolean }

export async function listFaults(settings: FaultSettings): Promise<void> {
  const { faults } = (await callManagement(settings, { method: 'GET', path: '/lab/faults' })) as {
    readonly faults: readonly FaultReading[]
  }
  createOutput(settings.json).result(
    { faults },
    faults.length === 0 ? 'No fault is set.' : faults.map(lineOf).join('\n'),
  )
}

/** @param text JSON, or the name of a ready fault */
export async function putFault(settings: FaultSettings, name: string, text: string): Promise<void> {
  const body = faultOf(text)
  const fault = (await callManagement(settings, { method: 'PUT', path: pathOf(name), body })) as FaultChange
  const servers = fault.nodes.map(({ node }) => node).join(', ') || 'no server lives'
  createOutput(settings.json).result({ event: 'fault', ...fault }, `${lineOf(fault)}\nSet at ${servers}.`)
}

export async function removeFault(settings: FaultSettings, name: string): Promise<void> {
  const removal = (await callManagement(settings, { method: 'DELETE', path: pathOf(name) })) as FaultRemoval
  const { matched, note } = removal
  const text = note ?? `${name} is gone. It matched ${matched} ${matched === 1 ? 'request' : 'requests'}.`
  createOutput(settings.json).result({ event: 'fault-removed', ...removal }, text)
}

export async function showCatalogue(settings: FaultSettings): Promise<void> {
  const listing = (await callManagement(settings, { method: 'GET', path: '/lab/faults/catalogue' })) as {
    readonly faults: readonly ReadyFault[]
    readonly others: readonly RowOfOthers[]
  }
  const rows = listing.faults.map(({ name, row, symptom }) => [name, String(row), symptom])
  createOutput(settings.json).result(
    listing,
    table([['name', 'row', 'what the client has of it'], ...rows], { hasHeader: true }),
  )
}

function pathOf(name: string): string {
  return `/lab/faults/${encodeURIComponent(name)}`
}

function faultOf(text: string): object {
  if (!text.trimStart().startsWith('{')) return { ready: text }
  try {
    return JSON.parse(text) as object
  } catch (error) {
    throw new Failure(
      `The fault is no JSON: ${error instanceof Error ? error.message : String(error)}. ` +
        'Write it between single quotes, such as \'{"effect":{"http":503}}\', or name a ready one',
      2,
    )
  }
}

/** `gone: every AcquireLicense … → {"http":503}, when {"next":1}; matched 3` */
function lineOf({ name, match, effect, when, matched, usedUp }: FaultReading): string {
  const which = Object.entries(match).map(
    ([member, values]) => `${member} ${(values as readonly string[]).join(' or ')}`,
  )
  const often = Object.keys(when).length === 0 ? '' : `, when ${JSON.stringify(when)}`
  return `${name}: ${which.join(', ') || 'every request'}: ${JSON.stringify(effect)}${often}; matched ${matched}${usedUp === true ? ', used up' : ''}`
}
