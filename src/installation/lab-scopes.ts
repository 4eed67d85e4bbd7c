/** Scopes, for programs. */
import { issuingOffice } from '../administration/lab/issuing-office.js'
import { systemEffects } from '../effects.js'
import { installationLab, type ScopeLab } from './lab.js'
import type { Scope } from './scopes/scope.js'
import { refuseWithoutScopes, type ScopeReading, type Scopes } from './scopes/scopes.js'

/** A scope that is there. When it is gone, each of its controls rejects with Problem. */
export interface LabScope {
  readonly name: string
  /** For `connect`: base URL of its cluster, with /_wmcs. */
  readonly url: string
  /** Its part of the management API; `--manage` of commands. */
  readonly manage: string
  /** Its controls: clock, faults, journal, accounts and all the others are its own. */
  readonly lab: ScopeLab
  /** Removes it. */
  close(): Promise<void>
}

/** Each rejects with Problem where the installation was started without scopes. */
export interface LabScopes {
  /** Makes it, unless it is there. Rejects with Problem for a name that cannot be, and where there are as many as there may be. */
  put(name: string): Promise<LabScope>
  /** Those that there are. */
  list(): Promise<readonly ScopeReading[]>
  /** Rejects with Problem when there is none of that name. */
  remove(name: string): Promise<void>
  /** Tells which there were. */
  clear(): Promise<readonly string[]>
}

/**
 * @param scopes undefined: the installation has none
 * @param manage management URL of the installation
 */
export function labScopes(scopes: Scopes | undefined, manage: string): LabScopes {
  const those = (): Scopes => scopes ?? refuseWithoutScopes()
  return {
    put: async (name) => {
      const all = those()
      return all.use(name, async (scope) => labScope(scope, all, `${manage}/f/${name}`))
    },
    list: async () => those().list(),
    remove: async (name) => those().remove(name),
    clear: async () => those().removeAll(),
  }
}

function labScope(scope: Scope, all: Scopes, manage: string): LabScope {
  const { name, url } = scope
  return {
    name,
    url,
    manage,
    lab: installationLab(() => all.stillThere(scope).lab, issuingOffice({ ...scope, ...systemEffects }), undefined),
    close: async () => {
      all.stillThere(scope)
      await all.remove(name)
    },
  }
}
