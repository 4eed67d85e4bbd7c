/** The server that `--capacity` and its companions describe. */
import { parseCapacity, type EmulatedServer, type ServiceDistribution } from '../sizing/emulated-server.js'
import { Failure } from './failure.js'

export interface CapacitySettings {
  readonly capacity: string | undefined
  readonly serviceTime: number | undefined
  readonly serviceDistribution: ServiceDistribution
  readonly queueLimit: number
}

/**
 * @returns undefined when neither capacity nor service time was given
 * @throws Failure when both were
 */
export function emulatedServerOf({
  capacity,
  serviceTime,
  serviceDistribution,
  queueLimit,
}: CapacitySettings): EmulatedServer | undefined {
  if (capacity !== undefined && serviceTime !== undefined) {
    throw new Failure('--capacity and --service-time say the same in two ways: give one of them', 2)
  }
  const operationsPerSecond = capacity === undefined ? 1000 / (serviceTime ?? 0) : (parseCapacity(capacity) ?? 0)
  return capacity === undefined && serviceTime === undefined
    ? undefined
    : { operationsPerSecond, serviceDistribution, queueLimit }
}
