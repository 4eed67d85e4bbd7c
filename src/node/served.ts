/** The names of all that servers of an installation serve, as faults are to match them. */
import type { Known } from '../lab/faults/match.js'
import { restOperations, roles, binaryGroupExpansionPath } from './roles.js'
import { restVersions } from '../services/rest/operation.js'

export type Served = Omit<Known, 'clusters' | 'nodes'>

const signInService = ['OAuthAuthorize', 'OAuthToken']

/** A root has whatever a licensing-only server has: paths below `/_wmcs`, those of REST, and all operations. */
export function servedNames(): Served {
  const endpoints = roles.root.flatMap(({ path, aliases }) => [path, ...aliases])
  const rest = restOperations.flatMap(({ path }) => restVersions.map((version) => `/my/${version}${path}`))
  const names = new Set(roles.root.flatMap(({ operations }) => operations.map(({ name }) => name as string)))
  const restNames = restOperations.map(({ name }) => name)
  return {
    endpoints: [...endpoints, binaryGroupExpansionPath, ...rest],
    operations: [...names, ...restNames, ...signInService],
    restOperations: restNames,
    // Balancers that are started by hand call theirs what they like.
    listeners: 'any',
  }
}
