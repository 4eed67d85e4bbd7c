/** `lab`: what a lab has and a product has not, at a running installation: a clock that is set, and an end to all of it. */
import type { ClockChange, ClockReading } from '../../administration/lab/clock.js'
import type { LabReading } from '../../administration/lab/lab.js'
import type { Settings } from '../../config/options.js'
import { Failure } from '../failure.js'
import { callManagement } from '../management-call.js'
import { createOutput } from '../output.js'
import { seedInWords } from '../seed-words.js'

/** Shows all that is set. */
export async function lab(settings: Settings<'status'>): Promise<void> {
  const found = (await callManagement(settings, { method: 'GET', path: '/lab' })) as LabReading
  const active =
    found.active.length === 0
      ? 'Nothing is set: all is as in a product.'
      : found.active.map((control) => `- ${control}`).join('\n')
  createOutput(settings.json).words(found, [active, clockText(found.clock), ...seedText(found.seed)].join('\n'))
}

function seedText(seed: LabReading['seed']): readonly string[] {
  return seed === undefined ? [] : [`The seed is ${seedInWords(seed)}`]
}

/** Ends all that is set. */
export async function clearLab(settings: Settings<'status'>): Promise<void> {
  const { ended, nodes } = (await callManagement(settings, { method: 'DELETE', path: '/lab' })) as {
    readonly ended: readonly string[]
    readonly nodes: ClockChange['nodes']
  }
  const text = ended.length === 0 ? 'Nothing was set: all is as in a product.' : `Ended: ${ended.join('; ')}.`
  createOutput(settings.json).words({ event: 'cleared', ended, nodes }, text)
}

/** What follows the mode, in order. */
const values = { real: [], offset: ['by'], frozen: ['at'], step: ['at', 'by'] } as const

/**
 * Shows how the clock is set, or sets it.
 * @param given mode and its values, such as `step 2026-01-01T00:00:00Z PT1S`; nothing shows it
 */
export async function labClock(settings: Settings<'status'>, given: readonly string[]): Promise<void> {
  refuseFlags(given)
  const [mode, ...rest] = given
  if (mode === undefined) {
    const found = (await callManagement(settings, { method: 'GET', path: '/lab/clock' })) as ClockReading
    createOutput(settings.json).words(found, clockText(found))
    return
  }
  // One that is not known is refused by the installation, with the one that was meant.
  const names: readonly string[] = Object.entries(values).find(([known]) => known === mode)?.[1] ?? []
  if (rest.length > names.length && mode in values) {
    const takes = names.length === 0 ? 'nothing' : names.map((name) => words[name]).join(' and ')
    throw new Failure(`lab clock ${mode} takes ${takes} behind it: "${rest[names.length]}" is too much`, 2)
  }
  const body = { mode, ...Object.fromEntries(names.map((name, at) => [name, rest[at]])) }
  await change(settings, 'PUT', '/lab/clock', body)
}

const words: Readonly<Record<string, string>> = {
  by: 'a duration such as PT5M',
  at: 'an instant such as 2026-01-01T00:00:00Z',
}

/** @param by a duration */
export async function advanceLabClock(settings: Settings<'status'>, given: readonly string[]): Promise<void> {
  refuseFlags(given)
  const [by, tooMuch] = given
  if (tooMuch !== undefined) throw new Failure(`lab clock advance takes one duration: "${tooMuch}" is too much`, 2)
  await change(settings, 'POST', '/lab/clock/advance', { by })
}

async function change(settings: Settings<'status'>, method: 'PUT' | 'POST', path: string, body: object): Promise<void> {
  const changed = (await callManagement(settings, { method, path, body })) as ClockChange
  const { nodes } = changed
  const where = nodes.length === 1 ? 'at 1 server' : `at all ${nodes.length} servers`
  createOutput(settings.json).words({ event: 'clock', ...changed }, `${clockText(changed)} (${where})`)
}

function clockText(clock: ClockReading): string {
  switch (clock.mode) {
    case 'real':
      return `The clock of the forest is real: ${clock.now}`
    case 'offset':
      return `The clock of the forest is off by ${clock.by}: ${clock.now}`
    case 'frozen':
      return `The clock of the forest stands at ${clock.now}`
    case 'step':
      return `The clock of the forest goes ${clock.by} further with each request, from ${clock.at}: ${clock.now}`
  }
}

/** Durations may begin with a hyphen, so that flags are not told from them before they come here. */
function refuseFlags(given: readonly string[]): void {
  const flag = given.find((value) => value.startsWith('--'))
  if (flag !== undefined) throw new Failure(`unknown option '${flag}' (--help shows what there is)`, 2)
}
