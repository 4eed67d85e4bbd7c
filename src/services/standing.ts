/** Checks on the standing of the cluster itself, which most operations begin with. */
import type { ServerState } from '../cluster/server-state.js'
import { refuse } from '../exceptions.js'

/** A decommissioned cluster gives out content keys and does nothing else ([MS-RMSI] 3.2.4.1). */
export function requireInService({ state }: { readonly state: ServerState }): void {
  if (state.configuration.serverDecommissioned)
    refuse('ClusterDecommissioned', `cluster "${state.name}" is decommissioned`, {
      rule: 'the cluster is in service',
      wanted: 'in service',
      found: `cluster "${state.name}" is decommissioned`,
    })
}

/** Base URLs as they stand in certificates and answers. */
export function certificationUrl(state: ServerState): string {
  return state.certificationUrl
}

/** Where those outside are certified; undefined when nobody said where. */
export function extranetCertificationUrl({ configuration, rootExtranetUrl }: ServerState): string | undefined {
  return configuration.externalCertificationUrl ?? rootExtranetUrl
}

/** licensingUrl has no default in the specification although a CLC must have one: it falls back to the base URL. */
export function licensingUrl(state: ServerState): string {
  return state.configuration.licensingUrl ?? `${state.configuration.baseUrl}/licensing`
}
