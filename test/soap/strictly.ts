/** Parameters of a namespace, read as Windows reads them. */
import type { ParameterReading } from '../../src/soap/parameters.js'
import { usualProfile } from '../../src/soap/profile.js'

export function strictly(namespace: string): ParameterReading {
  return { namespace, version: '1.1', profile: usualProfile, onForeign: () => undefined }
}
