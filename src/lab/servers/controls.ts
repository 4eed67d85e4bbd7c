/** What is set for a single server of the lab: it stands still, is slow, has a wrong clock, or lacks something that the others have. */
import { formatDuration, millisecondsOf, parseDuration } from '../duration.js'
import { readDelay, type Spread } from '../faults/effect.js'
import { LabInputError } from '../input-error.js'
import { readObject, shown } from '../json-object.js'

/** Nothing in it: it is as in a product. */
export interface ServerControls {
  /** It takes connections and answers nothing, to nobody but the lab. */
  readonly paused?: true
  /** How much its clock differs from that of the forest: ISO 8601. */
  readonly skew?: string
  /** Every answer comes that much later: ISO 8601. */
  readonly slow?: string | Spread
  /** It goes on with the configuration that it has, whatever is changed. */
  readonly stale?: true
  /** As one that was started with a wrong cluster key password: no service can work. */
  readonly wrongKeyPassword?: true
  /** It does not reach the directory: it knows whom it remembers. */
  readonly directoryAway?: true
  /** Balancers do not see it, and take it for one that is down; whoever asks it directly is served. */
  readonly unseen?: true
}

export type ServerControl = keyof ServerControls

export const serverControls = [
  'paused',
  'skew',
  'slow',
  'stale',
  'wrongKeyPassword',
  'directoryAway',
  'unseen',
] as const satisfies readonly ServerControl[]

/**
 * What somebody asks for; a member that is false or null is as if it were not there.
 * @param node names the server in errors
 * @throws LabInputError
 */
export function parseServerControls(value: unknown, node: string): ServerControls {
  const given = readObject(value, `What is set for the server ${node}`, serverControls)
  return Object.fromEntries(
    serverControls.flatMap((name) => {
      const read = isUnset(given[name]) ? undefined : readers[name](given[name])
      return read === undefined ? [] : [[name, read]]
    }),
  )
}

/** Whether a member says that it is not to be set. */
export function isUnset(value: unknown): boolean {
  return value === undefined || value === null || value === false
}

/** @throws LabInputError when it is something else than true */
export function readSwitch(value: unknown, name: string): true {
  if (value === true) return true
  throw new LabInputError(`"${name}" is ${shown(value)}: write true to set it, and false to end it`)
}

type Reader = (value: unknown) => string | Spread | true | undefined

const readers: Readonly<Record<ServerControl, Reader>> = {
  paused: (value) => readSwitch(value, 'paused'),
  skew: readSkew,
  slow: (value) => readDelay(value, '"slow"'),
  stale: (value) => readSwitch(value, 'stale'),
  wrongKeyPassword: (value) => readSwitch(value, 'wrongKeyPassword'),
  directoryAway: (value) => readSwitch(value, 'directoryAway'),
  unseen: (value) => readSwitch(value, 'unseen'),
}

/** None at all is none that is set. */
function readSkew(value: unknown): string | undefined {
  const duration = parseDuration(value, '"skew"')
  return millisecondsOf(duration) === 0 ? undefined : formatDuration(duration)
}

/** `paused, clock off by -PT5M` */
export function controlsInWords(controls: ServerControls): string {
  return serverControls.flatMap((name) => (name in controls ? [words[name](controls)] : [])).join(', ')
}

const words: Readonly<Record<ServerControl, (controls: ServerControls) => string>> = {
  paused: () => 'paused',
  skew: ({ skew = '' }) => `clock off by ${skew}`,
  slow: ({ slow = '' }) => `slow by ${typeof slow === 'string' ? slow : `${slow.median} or so`}`,
  stale: () => 'stale configuration',
  wrongKeyPassword: () => 'wrong key password',
  directoryAway: () => 'directory away',
  unseen: () => 'unseen by balancers',
}
