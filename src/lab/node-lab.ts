/** What a node holds of the lab: the state of the moment, the clock that follows it, and the controls. The exchange asks this, and nothing else of the lab. */
import type { Clock } from '../effects.js'
import { createLabClock, type LabClock } from './clock.js'
import { labExchange, type ControlledExchange, type LabControl, type LabExchange, type LabRequest } from './exchange.js'
import { createPause, type Pause } from './servers/pause.js'
import { noLab, type LabState } from './state.js'

export interface NodeLab {
  readonly state: () => LabState
  /**
   * Takes a state over, unless it has a later one.
   * @returns the version that counts now
   */
  readonly set: (state: LabState) => number
  readonly clock: LabClock
  readonly pause: Pause
  /** Whether any control has to do with exchanges: nothing else is to be asked otherwise. */
  readonly isWatching: () => boolean
  /** Once for each exchange, as soon as its head has come. Undefined: no control has to do with this one. */
  readonly begin: (request: LabRequest) => LabExchange | undefined
}

export interface NodeLabParts {
  readonly nodeId: string
  /** Of the machine. */
  readonly clock: Clock
  /** In the order in which they see an exchange: the journal is the last one. */
  readonly controls?: readonly LabControl[] | undefined
}

export function createNodeLab({ nodeId, clock: real, controls = [] }: NodeLabParts): NodeLab {
  const clock = createLabClock(real)
  const pause = createPause()
  let state = noLab
  let watching: readonly LabControl[] = []
  const follow = (next: LabState): void => {
    state = next
    clock.follow(next.clock, next.servers[nodeId]?.skew)
    watching = controls.filter((control) => control.follow(next))
    pause.follow(next.servers[nodeId]?.paused === true)
  }
  follow(noLab)
  return {
    state: () => state,
    set: (next) => {
      if (next.version > state.version) follow(next)
      return state.version
    },
    clock,
    pause,
    isWatching: () => watching.length > 0,
    begin: (request) => {
      const parts: ControlledExchange[] = []
      for (const control of watching) {
        const part = control.begin(request)
        if (part !== undefined) parts.push(part)
      }
      return parts.length === 0 ? undefined : labExchange(parts)
    },
  }
}
