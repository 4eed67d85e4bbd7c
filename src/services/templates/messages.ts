/** Messages of template distribution ([MS-RMPR] 3.4.4.2, 3.4.4.3, 6.3.1), RMS 2.0 and later. */
import { arrayOf, arrayOfString, optional, repeated, required, sequence } from '../../soap/schema.js'
import type { ServiceDescription } from '../../soap/schema.js'

export const templateDistributionNamespace = 'http://microsoft.com/DRM/TemplateDistributionService'

const exampleGuid = '{00000000-0000-4000-8000-000000000000}'
const exampleHash = 'AAAAAAAAAAAAAAAAAAAAAAAAAAA='

const guidHash = sequence('GuidHash', optional('Guid', 'string', exampleGuid), optional('Hash', 'string', exampleHash))

const templateInformation = sequence(
  'TemplateInformation',
  optional('ServerPublicKey', 'string', 'MIIBCgKCAQEA'),
  required('GuidHashCount', 'int', '1'),
  repeated('GuidHash', guidHash),
)

const guidTemplate = sequence(
  'GuidTemplate',
  optional('Guid', 'string', exampleGuid),
  optional('Hash', 'string', exampleHash),
  optional('Template', 'string', '<XrML version="1.2" />'),
)

export const templateDistributionService: ServiceDescription = {
  name: 'TemplateDistributionWebService',
  namespace: templateDistributionNamespace,
  operations: [
    {
      name: 'AcquireTemplateInformation',
      about: 'Lists the rights policy templates: GUID and hash of each.',
      documentation: 'Return template information (GUID + hash)',
      request: [],
      response: [optional('AcquireTemplateInformationResult', templateInformation)],
      versionData: true,
    },
    {
      name: 'AcquireTemplates',
      about: 'Gives the rights policy templates of the GUIDs asked for, at most 25 at a time.',
      documentation: 'Return templates',
      request: [optional('guids', arrayOfString)],
      response: [optional('AcquireTemplatesResult', arrayOf(guidTemplate))],
      versionData: true,
    },
  ],
}
