/** JSON Schemas of the REST messages (rest-mde 4 to 8): requests are validated by them, /openapi.json shows them, tests hold answers against them. */

const text = { type: 'string' } as const
const textOrNull = { type: 'string', nullable: true } as const
const pairs = { type: 'object', nullable: true, additionalProperties: { type: 'string' } } as const
const license = {
  type: 'string',
  format: 'byte',
  description: 'Base64 of the publishing license: UTF-8 with byte order mark and XML declaration',
} as const

const everyMember = <Properties extends Readonly<Record<string, object>>>(
  description: string,
  properties: Properties,
  optional: readonly string[] = [],
) => ({
  description,
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
})

export const serviceLocations = {
  description: 'The five services; other names may come',
  type: 'array',
  items: everyMember('', {
    Name: { ...text, minLength: 1, example: 'EndUserLicenses' },
    Uri: { ...text, minLength: 1, example: 'http://127.0.0.1:7000/my/v2/enduserlicenses' },
  }),
}

export const templateList = {
  description: 'The templates, in the language that Accept-Language asks for where they have it',
  type: 'array',
  items: everyMember('', {
    Id: { ...text, minLength: 1 },
    Name: { ...text, minLength: 1 },
    Description: { ...text, minLength: 1 },
  }),
}

const contentKey = everyMember('Content key', {
  Algorithm: { ...text, enum: ['AES'] },
  CipherMode: { ...text, example: 'MICROSOFT.CBC4K' },
  Size: { type: 'integer', description: 'Bytes' },
  Value: { type: 'string', format: 'byte', minLength: 1 },
})

const names = {
  Id: textOrNull,
  Name: textOrNull,
  Description: textOrNull,
  Referrer: textOrNull,
  ContentId: textOrNull,
} as const

export const publishedContent = everyMember('The publishing license, and the key to encrypt the content with', {
  ...names,
  Owner: { ...text, minLength: 1 },
  Key: contentKey,
  SerializedPublishingLicense: { ...license, minLength: 1 },
  SignedApplicationData: pairs,
  EncryptedApplicationData: pairs,
})

const list = (maxItems: number, items: object, minItems = 0) => ({ type: 'array', maxItems, minItems, items })
const userRights = list(1000, {
  type: 'object',
  required: ['Users', 'Rights'],
  properties: { Users: list(1000, { ...text, maxLength: 320 }, 1), Rights: list(100, { ...text, maxLength: 64 }, 1) },
})

export const endUserLicense = everyMember('What the user may do; without rights a denial', {
  ...names,
  AccessStatus: { ...text, enum: ['AccessGranted', 'AccessDenied', 'ContentExpired'] },
  Owner: textOrNull,
  IssuedTo: textOrNull,
  Key: { ...contentKey, nullable: true },
  Rights: { type: 'array', items: text },
  Roles: {
    type: 'array',
    items: text,
    description: 'Always empty: roles have become rights when the content was published',
  },
  ContentValidUntil: { ...textOrNull, format: 'date-time' },
  LicenseValidUntil: { ...textOrNull, format: 'date-time' },
  FromTemplate: { type: 'boolean' },
  allowOfflineAccess: { type: 'boolean' },
  Policy: {
    ...everyMember('For owners of content with rights of its own: published again as it is, it means the same', {
      Descriptors: {
        type: 'array',
        items: everyMember('', { Name: text, Description: text, Language: text }),
        description: 'In all languages; one that has no tag here has the number of the Windows language',
      },
      UserRights: {
        type: 'array',
        items: everyMember('', { Users: { type: 'array', items: text }, Rights: { type: 'array', items: text } }),
      },
      EncryptedApplicationData: pairs,
      LicenseValidUntil: { ...textOrNull, format: 'date-time', description: 'The earliest end of all' },
      allowOfflineAccess: { type: 'boolean' },
      IntervalTimeInDays: { type: 'integer', description: '0: no offline access; 30: also where there is no bound' },
      AllowAuditedExtraction: { type: 'boolean' },
    }),
    nullable: true,
  },
  SignedApplicationData: pairs,
  EncryptedApplicationData: pairs,
})

const boundedPairs = {
  type: 'object',
  nullable: true,
  maxProperties: 100,
  propertyNames: { minLength: 1, maxLength: 256 },
  additionalProperties: { type: 'string', maxLength: 4096 },
} as const

/** Members that are not named here are passed over: clients of other years send more. Known ones count in any case (member-names.ts). */
export const publishRequest = {
  description: 'Either TemplateId, or Policy with UserRights or UserRoles. Names of members count in any case',
  type: 'object',
  properties: {
    TemplateId: { ...textOrNull, maxLength: 100, description: 'With or without braces' },
    PreferDeprecatedAlgorithms: { type: 'boolean', nullable: true, description: 'ECB instead of CBC4K' },
    AllowAuditedExtraction: { type: 'boolean', nullable: true },
    ReferralInfo: { ...textOrNull, maxLength: 1024, description: 'Whom to ask for more rights: mail address or URL' },
    SignedApplicationData: boundedPairs,
    Policy: {
      type: 'object',
      nullable: true,
      properties: {
        Descriptors: {
          ...list(100, {
            type: 'object',
            required: ['Name'],
            properties: {
              Name: { ...text, maxLength: 1024 },
              Description: { ...textOrNull, maxLength: 4096 },
              Language: { ...textOrNull, maxLength: 64, example: 'en-US' },
            },
          }),
          nullable: true,
        },
        UserRights: { ...userRights, nullable: true },
        UserRoles: {
          ...list(1000, {
            type: 'object',
            required: ['Users', 'Roles'],
            properties: {
              Users: list(1000, { ...text, maxLength: 320 }, 1),
              Roles: list(100, { ...text, maxLength: 64 }, 1),
            },
          }),
          nullable: true,
        },
        EncryptedApplicationData: boundedPairs,
        IntervalTimeInDays: {
          type: 'integer',
          minimum: -1,
          maximum: 36_500,
          nullable: true,
          description:
            'How long a license holds offline. 0 and -1: not offline, unless allowOfflineAccess is true; beside that, offline without a bound',
        },
        LicenseValidUntil: {
          ...textOrNull,
          maxLength: 40,
          description:
            'End of the content: ISO 8601, UTC. Licenses count in minutes: the content ends when this minute begins',
        },
        allowOfflineAccess: {
          type: 'boolean',
          nullable: true,
          description: 'Decides, whatever IntervalTimeInDays says; without it that number decides',
        },
        AllowAuditedExtraction: {
          type: 'boolean',
          nullable: true,
          description: 'As beside Policy; false in either is false',
        },
      },
    },
  },
} as const

export const licenseRequest = {
  description: 'The publishing license out of the protected file',
  type: 'object',
  required: ['SerializedPublishingLicense'],
  properties: {
    SerializedPublishingLicense: {
      type: 'string',
      minLength: 1,
      description: 'Base64 of UTF-8 or UTF-16LE, with or without byte order mark and trailing NUL',
    },
  },
} as const

/** Of every refusal: clients read it with status 400 and 500, and would end themselves for want of an object. */
export const refusalSchema = everyMember('Why the request was refused', {
  Code: { ...text, minLength: 1, example: 'Microsoft.RightsManagement.Exceptions.BadInputException' },
  Message: { ...text, minLength: 1, description: 'For people' },
})
