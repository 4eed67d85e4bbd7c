/** JSON Schema pieces that the routes share, and how their answers are described. */
import { problemNames, type ProblemStatus } from '../../administration/problem.js'

const errorTexts: Readonly<Record<ProblemStatus, string>> = {
  400: 'The request is wrong; the message says what to change',
  404: 'There is no such thing',
  409: 'Not as things stand; the message says why',
  412: 'If-Match names another version than the stored one',
  501: 'Servers are started and stopped elsewhere; the message says how',
  503: 'Not at this moment: the database is away, or a server did not start; the message says which',
  504: 'It is done, but not everywhere yet; the message says where not',
}

function errorAnswer(status: ProblemStatus): object {
  return {
    description: errorTexts[status],
    type: 'object',
    required: ['error', 'message'],
    properties: {
      error: { type: 'string', examples: [problemNames[status]] },
      message: { type: 'string', description: 'For people' },
    },
  }
}

/** Schemas of all answers of a route: those given, and the errors it can end with. */
export function answers(good: Readonly<Record<number, object>>, ...errors: readonly ProblemStatus[]): object {
  return { ...good, ...Object.fromEntries([...errors, 503 as const].map((status) => [status, errorAnswer(status)])) }
}

/** The answer of a removal: nothing. */
export const removed = { 204: { description: 'Done; there is nothing to say', type: 'null' } } as const

/** An object that takes these properties and no other. */
export function closed<Properties extends Readonly<Record<string, object>>>(
  properties: Properties,
  required: readonly (keyof Properties & string)[] = [],
): object {
  return { type: 'object', additionalProperties: false, ...(required.length === 0 ? {} : { required }), properties }
}

/** Path parameters, all of them needed. */
export function path(parameters: Readonly<Record<string, object>>): object {
  return closed(parameters, Object.keys(parameters))
}

export const clusterName = {
  type: 'string',
  minLength: 1,
  maxLength: 100,
  description: 'Name of a cluster',
  examples: ['root'],
} as const

/** With or without the `smtp:` of Active Directory, which is taken off (directory/addresses.ts). */
export const mailAddress = {
  type: 'string',
  maxLength: 256,
  pattern: '^(?:[sS][mM][tT][pP]:)?[^\\s@:]{1,64}@[^\\s@:]{1,190}$',
  examples: ['bob@contoso.test'],
} as const

export const proxyAddresses = {
  type: 'array',
  maxItems: 100,
  items: mailAddress,
  description: 'Further addresses of the same mailbox',
  examples: [['d.miller@contoso.test']],
} as const

/** What a change of addresses says beside the addresses. */
export const keepFormerAddress = {
  type: 'boolean',
  default: true,
  description:
    'Whether the mail address that is replaced stays one of proxyAddresses: content and certificates made before name it. Does not count when proxyAddresses are given',
} as const

export const sid = {
  type: 'string',
  maxLength: 256,
  pattern: '^S-1(?:-\\d{1,15}){2,15}$',
  examples: ['S-1-5-21-1712426984-1618080182-1209977580-1105'],
} as const

/** Without control characters, which no name or text here has. */
export function line(maxLength: number, example?: string): object {
  return {
    type: 'string',
    minLength: 1,
    maxLength,
    pattern: '^[^\\u0000-\\u001f\\u007f]*$',
    ...(example === undefined ? {} : { examples: [example] }),
  }
}

export const url = {
  type: 'string',
  maxLength: 2000,
  pattern: '^https?://[^\\s/?#]+(?:/[^\\s/?#]+)*/?$',
  description: 'http or https',
  examples: ['https://rms.contoso.test/_wmcs/licensing'],
} as const

export const publicKey = {
  type: 'string',
  maxLength: 2000,
  pattern: '^(?:[A-Za-z0-9+/]{4}){16,700}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$',
  description: 'Base64 of the little-endian modulus, as in XrML',
} as const

export const keyIdSchema = {
  type: 'string',
  pattern: '^[0-9a-f]{32}$',
  maxLength: 32,
  description: 'id from the list',
} as const

/** Path parameter or field that names somebody. */
export const namedAccount = {
  type: 'string',
  minLength: 1,
  maxLength: 256,
  description: 'SID, name (CONTOSO\\bob or bob) or mail address of an account',
  examples: ['bob@contoso.test'],
} as const
export const namedGroup = {
  ...namedAccount,
  description: 'SID, name (CONTOSO\\legal or legal) or mail address of a group',
  examples: ['legal@contoso.test'],
} as const
export const namedMember = { ...namedAccount, description: 'SID, name or mail address of an account or group' } as const

/** A new name: the forest's domain may be left out. What Windows forbids in names is refused. */
export const newName = {
  type: 'string',
  maxLength: 128,
  pattern: '^(?:[^\\\\@/\\s]{1,63}\\\\)?[^\\\\@/"\\[\\]:;|=,+*?<>\\u0000-\\u001f\\u007f]{1,64}$',
  description: 'With or without the domain of the forest: CONTOSO\\dave or dave',
  examples: ['dave'],
} as const

/** How many items of a list are answered. */
export function limit(most: number): object {
  return { type: 'integer', minimum: 1, maximum: most, default: Math.min(100, most), description: 'How many to answer' }
}

/** Compare and set, for every route that changes a configuration. */
export const ifMatchHeader = {
  type: 'object',
  properties: {
    'if-match': {
      type: 'string',
      maxLength: 20,
      pattern: '^(?:\\*|(?:W/)?"\\d{1,7}")$',
      description:
        'ETag of the configuration that the change is based on: when it is another one meanwhile, nothing is changed (412). Without it the change is made to whatever is stored.',
    },
  },
} as const
