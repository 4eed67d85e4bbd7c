/** Everything that is set in the lab of an installation: one versioned row of the database, and a copy of it at every node. */
import { parseClockSetting, realClock, type ClockSetting } from './clock-setting.js'
import { LabInputError } from './input-error.js'
import { readObject, type JsonObject } from './json-object.js'
import { controlsInWords, parseServerControls, type ServerControls } from './servers/controls.js'
import {
  installationControls,
  installationWords,
  parseInstallationControls,
  type InstallationControls,
} from './servers/installation-controls.js'

export interface LabState {
  /** Of the row: 0 where nothing was ever set. It never goes back, also not when all is ended or restored. */
  readonly version: number
  readonly clock: ClockSetting
  /** By name, as they were put: src/lab/faults reads them. */
  readonly faults: Readonly<Record<string, JsonObject>>
  /** What is set for single servers, by node id. */
  readonly servers: Readonly<Record<string, ServerControls>>
  /** What is set for all servers together. */
  readonly installation: InstallationControls
}

/** Nothing is active unless asked for. */
export const noLab: LabState = { version: 0, clock: realClock, faults: {}, servers: {}, installation: {} }

/** Characters of a state as JSON: it is read by every node at every change. */
export const largestState = 256 * 1024

/** Whether anything at all is set. */
export function isActive(state: LabState): boolean {
  return activeControls(state).length > 0
}

/** What is set, each in a few words for people: for status, banner and metrics. */
export function activeControls({ clock, faults, servers, installation }: LabState): readonly string[] {
  return [
    ...(clock.mode === 'real' ? [] : [clockInWords(clock)]),
    ...Object.keys(faults).map((name) => `fault ${name}`),
    ...Object.entries(servers).map(([node, controls]) => `server ${node}: ${controlsInWords(controls)}`),
    ...installationControls.filter((name) => name in installation).map((name) => installationWords[name]),
  ]
}

/** `clock offset -PT5M`, `clock frozen at 2026-01-01T00:00:00Z` */
export function clockInWords(clock: ClockSetting): string {
  switch (clock.mode) {
    case 'real':
      return 'clock real'
    case 'offset':
      return `clock offset ${clock.by}`
    case 'frozen':
      return `clock frozen at ${clock.at}`
    case 'step':
      return `clock steps from ${clock.at} by ${clock.by}`
  }
}

/** The version stands apart from it: in a column, or beside it in a message. */
export function stateText({ clock, faults, servers, installation }: LabState): string {
  return JSON.stringify({ clock, faults, servers, installation })
}

/**
 * Reads what `stateText` wrote, perhaps by another version of this program.
 * @throws LabInputError
 */
export function parseLabState(text: string, version: number): LabState {
  if (text.length > largestState)
    throw new LabInputError(
      `The lab's state has ${text.length} characters: at most ${largestState} are kept. End some of its controls`,
    )
  const {
    clock,
    faults = {},
    servers = {},
    installation = {},
  } = readObject(parseJson(text), "The lab's state", ['clock', 'faults', 'servers', 'installation'])
  return {
    version,
    clock: parseStoredClock(clock),
    faults: readNamed(faults, 'The faults', (fault) => fault as JsonObject),
    servers: readNamed(servers, 'The servers', parseServerControls),
    installation: parseInstallationControls(installation),
  }
}

function parseStoredClock(value: unknown): ClockSetting {
  if (value === undefined) return realClock
  const { from = 0, ...asked } = readObject(value, 'The clock', ['mode', 'by', 'at', 'from'])
  return parseClockSetting(asked, undefined, Number(from))
}

function readNamed<Value>(
  value: unknown,
  what: string,
  read: (value: unknown, name: string) => Value,
): Readonly<Record<string, Value>> {
  const entries = Object.entries(readObject(value, what, Object.keys(value ?? {})))
  return Object.fromEntries(entries.map(([name, entry]) => [name, read(entry, name)]))
}

/** @throws LabInputError */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new LabInputError('What was sent is no JSON')
  }
}
