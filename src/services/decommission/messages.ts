/** Messages of decommissioning ([MS-RMSI] 3.2, 6.1). */
import { arrayOf, arrayOfXmlNode, enumeration, optional, repeated, required, sequence } from '../../soap/schema.js'
import type { ServiceDescription } from '../../soap/schema.js'

export const decommissionNamespace = 'http://microsoft.com/DRM/DecommissionService'

export const keyTypes = ['Unknown', 'DES', 'AES', 'RSA'] as const
export type KeyType = (typeof keyTypes)[number]

const acquireContentKeyParams = sequence('AcquireContentKeyParams', optional('IssuanceLicense', arrayOfXmlNode))

const acquireContentKeyResponse = sequence(
  'AcquireContentKeyResponse',
  optional('ContentKey', 'base64Binary', 'AAECAwQFBgcICQoLDA0ODw=='),
  required('ContentKeyType', enumeration('KeyType', keyTypes), 'AES'),
)
// The one array that has at least one entry
const arrayOfAcquireContentKeyResponse = sequence(
  'ArrayOfAcquireContentKeyResponse',
  repeated('AcquireContentKeyResponse', acquireContentKeyResponse, { minimum: 1, nillable: true }),
)

export const decommissionService: ServiceDescription = {
  name: 'DecommissionService',
  namespace: decommissionNamespace,
  operations: [
    {
      name: 'AcquireContentKey',
      about: 'Hands out the content key of a publishing license. Works on a decommissioned cluster, and only there.',
      request: [optional('paramsSoap', arrayOf(acquireContentKeyParams))],
      response: [optional('AcquireContentKeyResult', arrayOfAcquireContentKeyResponse)],
      versionData: true,
    },
  ],
}
