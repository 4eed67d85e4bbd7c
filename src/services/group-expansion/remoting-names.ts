/** Names and classes of the binary form of group expansion ([MS-RMPRS] 2.3.1.2, 2.3.6), which are different for each version of RMS that has it. */
import type { ClassDescription, MemberType } from './remoting-graph.js'

/** RMS 1.0, 1.0 SP1, 1.0 SP2. */
export const remotingVersions = ['1.0.3246.0', '5.2.3790.134', '5.2.3790.300'] as const
export type RemotingVersion = (typeof remotingVersions)[number]

export const methodName = 'IsPrincipalMemberOf'
const token = '31bf3856ad364e35'
const directoryServices = 'Microsoft.DigitalRightsManagement.DirectoryServices'

/** Server type of a request. */
export function typeName(version: RemotingVersion): string {
  const assembly = encodeURIComponent(`, Version=${version}, Culture=neutral, PublicKeyToken=${token}`)
  return `soap:RemoteActiveDirectoryServices, http://schemas.microsoft.com/clr/nsassem/${directoryServices}/Plugin.DirectoryServices${assembly}`
}

export function pluginLibrary(version: RemotingVersion): string {
  return `Plugin.DirectoryServices, Version=${version}, Culture=neutral, PublicKeyToken=${token}`
}

export const systemLibrary = 'System, Version=1.0.5000.0, Culture=neutral, PublicKeyToken=b77a5c561934e089'

const collections = 'System.Collections'
const boolean: MemberType = { kind: 'primitive', primitive: 'boolean' }
const int32: MemberType = { kind: 'primitive', primitive: 'int32' }
const string: MemberType = { kind: 'string' }
const ofSystem = (name: string): MemberType => ({
  kind: 'class',
  name: `${collections}.Specialized.${name}`,
  library: systemLibrary,
})
const system = (name: string): MemberType => ({ kind: 'system', name })

export const callContext: ClassDescription = {
  name: 'System.Runtime.Remoting.Messaging.LogicalCallContext',
  library: undefined,
  members: [],
}

export const listDictionary: ClassDescription = {
  name: `${collections}.Specialized.ListDictionary`,
  library: systemLibrary,
  members: [
    ['head', ofSystem('ListDictionary+DictionaryNode')],
    ['version', int32],
    ['count', int32],
    ['comparer', system(`${collections}.IComparer`)],
  ],
}

export const dictionaryNode: ClassDescription = {
  name: `${collections}.Specialized.ListDictionary+DictionaryNode`,
  library: systemLibrary,
  members: [
    ['key', { kind: 'object' }],
    ['value', { kind: 'object' }],
    ['next', ofSystem('ListDictionary+DictionaryNode')],
  ],
}

export const hashtable: ClassDescription = {
  name: `${collections}.Hashtable`,
  library: undefined,
  members: [
    ['LoadFactor', { kind: 'primitive', primitive: 'single' }],
    ['Version', int32],
    ['Comparer', system(`${collections}.IComparer`)],
    ['HashCodeProvider', system(`${collections}.IHashCodeProvider`)],
    ['HashSize', int32],
    ['Keys', { kind: 'objects' }],
    ['Values', { kind: 'objects' }],
  ],
}

export const stringCollection: ClassDescription = {
  name: `${collections}.Specialized.StringCollection`,
  library: systemLibrary,
  members: [['data', system(`${collections}.ArrayList`)]],
}

export const arrayList: ClassDescription = {
  name: `${collections}.ArrayList`,
  library: undefined,
  members: [
    ['_items', { kind: 'objects' }],
    ['_size', int32],
    ['_version', int32],
  ],
}

export const remotingException: ClassDescription = {
  name: 'System.Runtime.Remoting.RemotingException',
  library: undefined,
  members: [
    ['ClassName', string],
    ['Message', string],
    ['InnerException', system('System.Exception')],
    ['HelpURL', string],
    ['StackTraceString', string],
    ['RemoteStackTraceString', string],
    ['RemoteStackIndex', int32],
    ['ExceptionMethod', string],
    ['HResult', int32],
    ['Source', string],
  ],
}

/** Principal and the enumeration inside it, of one version. */
export function principalClasses(version: RemotingVersion): {
  readonly principal: ClassDescription
  readonly explicitParse: ClassDescription
} {
  const library = pluginLibrary(version)
  const explicitParse: ClassDescription = {
    name: `${directoryServices}.Principal+ExplicitParseEnum`,
    library,
    members: [['value__', int32]],
  }
  const principal: ClassDescription = {
    name: `${directoryServices}.Principal`,
    library,
    members: [
      ['_PrincipalIdentifiers', ofSystem('ListDictionary')],
      ['_GroupMembership', system(hashtable.name)],
      ['_ForeignMembers', ofSystem('ListDictionary')],
      ['_parsingDictionary', system(`${collections}.IDictionary`)],
      ['_ContainerObjectGuids', ofSystem('StringCollection')],
      ['_strObjectGuid', string],
      ['_strOriginationForest', string],
      ['_explicitParse', { kind: 'class', name: explicitParse.name, library }],
      ['_exists', boolean],
      ['DirectoryLookupXML+_exists', boolean],
    ],
  }
  return { principal, explicitParse }
}
