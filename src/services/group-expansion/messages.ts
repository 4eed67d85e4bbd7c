/** Messages of group expansion ([MS-RMPRS] 3.5, 6.4): one server asks another whether somebody is in a group. */
import { arrayOfString, optional, required } from '../../soap/schema.js'
import type { ServiceDescription } from '../../soap/schema.js'

export const groupExpansionNamespace = 'http://microsoft.com/DRM/GroupExpansionWebService'

export const groupExpansionService: ServiceDescription = {
  name: 'GroupExpansionWebService',
  namespace: groupExpansionNamespace,
  operations: [
    {
      name: 'IsPrincipalMemberOf',
      about: 'Tells another server whether a user is in one of some groups of this forest.',
      request: [
        optional('principalName', 'string', 'bob@contoso.test'),
        optional('principalCrossForest', 'string', 'bob@contoso.test'),
        optional('targetGroups', arrayOfString),
        required('crossForestCallsSoFar', 'int', '0'),
      ],
      response: [required('IsPrincipalMemberOfResult', 'boolean')],
      versionData: true,
    },
  ],
}
