/** JSON Schema of a template as administrators write it (TemplateBody). */
import { closed, line } from './input-schemas.js'

const days = { type: 'integer', minimum: 1, maximum: 36_500, nullable: true } as const
export const templateFields = {
  texts: {
    type: 'array',
    minItems: 1,
    maxItems: 50,
    description: 'Name and description in each language, by Windows language id',
    items: closed(
      {
        lcid: { type: 'integer', minimum: 1, maximum: 0xfffff, examples: [1033] },
        name: line(256, 'Board only'),
        description: line(2000, 'The board may read this'),
      },
      ['lcid', 'name', 'description'],
    ),
  },
  grants: {
    type: 'array',
    minItems: 1,
    maxItems: 200,
    description: 'Rights besides those of the author, who has all',
    items: closed(
      {
        to: {
          type: 'string',
          maxLength: 256,
          pattern: '^(?:[Aa][Nn][Yy][Oo][Nn][Ee]|[^\\s@]{1,64}@[^\\s@]{1,190})$',
          description: 'Mail address of an account or group, or ANYONE',
          examples: ['staff@contoso.test'],
        },
        rights: {
          type: 'array',
          minItems: 1,
          maxItems: 50,
          description:
            'OWNER, VIEW, VIEWRIGHTSDATA, EDIT, DOCEDIT, PRINT, EXTRACT, EXPORT, OBJMODEL, FORWARD, REPLY, REPLYALL, or of an application’s own',
          items: { type: 'string', maxLength: 64, pattern: '^[A-Za-z0-9_.-]{1,64}$' },
          examples: [['VIEW', 'PRINT']],
        },
      },
      ['to', 'rights'],
    ),
  },
  expiresOn: {
    type: 'string',
    maxLength: 30,
    pattern: '^\\d{4}-\\d{2}-\\d{2}(?:T\\d{2}:\\d{2}(?::\\d{2}(?:\\.\\d{1,3})?)?Z)?$',
    nullable: true,
    description: 'Content cannot be opened from then on (ISO 8601, UTC)',
    examples: ['2030-12-31T00:00:00Z'],
  },
  expiresAfterDays: { ...days, description: 'Content cannot be opened that many days after it was published' },
  useLicenseDays: { ...days, description: 'Use licenses must be renewed after that many days' },
  referral: {
    type: 'string',
    minLength: 1,
    maxLength: 2000,
    pattern: '^[^\\s<>"]+$',
    nullable: true,
    description: 'Mail address or URL of whom to ask for more rights',
    examples: ['mailto:alice@contoso.test'],
  },
  applicationData: {
    type: 'array',
    maxItems: 50,
    default: [],
    description: 'Name and value pairs for applications',
    items: closed(
      {
        name: line(256, 'Allow_Server_Editing'),
        value: {
          type: 'string',
          maxLength: 10_000,
          pattern: '^[^\\u0000-\\u0008\\u000b-\\u001f]*$',
          examples: ['True'],
        },
      },
      ['name', 'value'],
    ),
  },
} as const
export const guid = {
  type: 'string',
  maxLength: 38,
  pattern: '^(?:\\{[0-9A-Fa-f-]{36}\\}|[0-9A-Fa-f-]{36})$',
  description: 'GUID, with or without braces',
} as const
