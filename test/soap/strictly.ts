/** Parameters of a namespace, read as Windows reads them. */
import type { ParameterReading } from '../../src/soap/parameters.js'
import { strictProfile } from '../../src/soap/profile.js'

export function strictly(namespace: string): ParameterReading {
  return { namespace, version: '1.1', profile: strictProfile, onForeign: () => undefined }
}
