/** What there is one of in a node, whether its routes are served or described. */
import type { TurnHooks } from './take-turn.js'

export interface RouteParts {
  /** Ids of the request log. */
  readonly nextId: () => string
  readonly turns: TurnHooks
}
