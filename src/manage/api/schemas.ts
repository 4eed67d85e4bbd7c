/** JSON Schema pieces that the routes share, and how their answers are described. */
import { closed } from '../../administration/input-schemas.js'
import { problemNames, type ProblemStatus } from '../../administration/problem.js'

export {
  closed,
  line,
  mailAddress,
  namedAccount,
  namedGroup,
  namedMember,
  newName,
  password,
  proxyAddresses,
  publicKey,
  sid,
  url,
} from '../../administration/input-schemas.js'

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

/** What a change of addresses says beside the addresses. */
export const keepFormerAddress = {
  type: 'boolean',
  default: true,
  description:
    'Whether the mail address that is replaced stays one of proxyAddresses: content and certificates made before name it. Does not count when proxyAddresses are given',
} as const

export const keyIdSchema = {
  type: 'string',
  pattern: '^[0-9a-f]{32}$',
  maxLength: 32,
  description: 'id from the list',
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
