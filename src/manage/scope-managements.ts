/** What answers for the management of each scope: made when somebody asks first, closed when its scope ends. */
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { problem } from '../administration/problem.js'
import type { Scope } from '../installation/scopes/scope.js'

export interface ScopeManagements {
  /** @throws Problem 503 for a scope that ends, and what making it throws; then the next who asks tries anew */
  of(scope: Scope): Promise<FastifyInstance>
  /** Answers that never end by themselves end. */
  close(): Promise<void>
}

export function scopeManagements(
  make: (scope: Scope) => Promise<FastifyInstance>,
  log: Logger | undefined,
): ScopeManagements {
  const made = new Map<Scope, Promise<FastifyInstance>>()
  let isClosed = false

  const makeFor = (scope: Scope): Promise<FastifyInstance> => {
    if (isClosed || scope.ending.aborted) problem(503, `The scope "${scope.name}" ends: it answers nothing any more`)
    const making = make(scope).catch((error: unknown) => {
      made.delete(scope)
      throw error
    })
    made.set(scope, making)
    scope.ending.addEventListener('abort', () => void end(scope), { once: true })
    return making
  }
  const end = async (scope: Scope): Promise<void> => {
    const making = made.get(scope)
    made.delete(scope)
    try {
      // What could not be made was told to whoever asked for it.
      await (await making?.catch(() => undefined))?.close()
    } catch (err) {
      log?.error({ err, scope: scope.name }, 'the management of a scope could not be closed')
    }
  }

  return {
    of: async (scope) => made.get(scope) ?? makeFor(scope),
    close: async () => {
      isClosed = true
      await Promise.all([...made.keys()].map(end))
    },
  }
}
