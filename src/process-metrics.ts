/**
 * What /metrics tells of the process: collected once, however many servers come and go in it. prom-client watches the garbage collection for good, and
 * keeps the registry that it was given; with a registry of a server it would keep all of the server.
 */
import { Registry, collectDefaultMetrics } from 'prom-client'

/** By what their names begin with. */
const collected = new Map<string, Registry>()

function processMetrics(prefix: string): Registry {
  const before = collected.get(prefix)
  if (before !== undefined) return before
  const register = new Registry()
  collectDefaultMetrics({ register, prefix })
  collected.set(prefix, register)
  return register
}

/**
 * @param own what one server tells
 * @param labels of all that is told
 * @returns gives what there is to tell now, first of the process
 */
export function besideProcess(own: Registry, prefix: string, labels: Readonly<Record<string, string>>): () => Registry {
  const ofProcess = processMetrics(prefix)
  return () => {
    const all = Registry.merge([ofProcess, own])
    all.setDefaultLabels(labels)
    return all
  }
}
