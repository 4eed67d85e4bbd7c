/** How /openapi.json describes the sign-in service. */
import type { FastifySchema } from 'fastify'

const text = { type: 'string' } as const
const tags = ['sign-in']
const refusal = {
  description: 'Refused (RFC 6749, 5.2)',
  type: 'object',
  additionalProperties: false,
  required: ['error', 'error_description'],
  properties: { error: { ...text, example: 'invalid_grant' }, error_description: text },
} as const

const form = {
  type: 'object',
  properties: {
    grant_type: { ...text, enum: ['authorization_code', 'refresh_token', 'password'] },
    client_id: text,
    resource: { ...text, example: 'api.rms.rest.com' },
    code: text,
    redirect_uri: text,
    code_verifier: text,
    refresh_token: text,
    username: { ...text, example: 'alice@contoso.test' },
    password: text,
  },
} as const

const tokenAnswer = {
  description: 'The tokens',
  type: 'object',
  additionalProperties: false,
  required: [
    'access_token',
    'token_type',
    'expires_in',
    'resource',
    'refresh_token',
    'refresh_token_expires_in',
    'scope',
    'id_token',
  ],
  properties: {
    access_token: text,
    token_type: { ...text, enum: ['bearer'] },
    expires_in: { type: 'integer', description: 'Seconds' },
    resource: text,
    refresh_token: text,
    refresh_token_expires_in: { type: 'integer', description: 'Seconds' },
    scope: text,
    id_token: text,
  },
} as const

const keys = {
  description: 'JWKS (RFC 7517)',
  type: 'object',
  required: ['keys'],
  properties: {
    keys: {
      type: 'array',
      items: {
        type: 'object',
        required: ['kty', 'use', 'alg', 'kid', 'n', 'e'],
        properties: { kty: text, use: text, alg: text, kid: text, n: text, e: text },
      },
    },
  },
} as const

const query = (...names: readonly string[]): object => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, text])),
})

export const oauthSchemas = {
  discovery: {
    tags,
    summary: 'OpenID Connect discovery',
    response: { 200: { description: 'The document', type: 'object', additionalProperties: true } },
  },
  keys: { tags, summary: 'Keys that tokens are verified with', response: { 200: keys } },
  userRealm: {
    tags,
    summary: 'How the accounts of a domain sign in',
    response: { 200: { description: 'Always managed', type: 'object', additionalProperties: { type: 'string' } } },
  },
  token: {
    tags,
    summary: 'Tokens for a code, a refresh token or a password',
    body: { content: { 'application/x-www-form-urlencoded': { schema: form } } },
    response: { 200: tokenAnswer, 400: refusal },
  },
  authorize: {
    tags,
    summary: 'Sign-in page; redirects with a code',
    querystring: query(
      'response_type',
      'client_id',
      'redirect_uri',
      'resource',
      'state',
      'login_hint',
      'nonce',
      'code_challenge',
      'code_challenge_method',
    ),
    response: {
      200: { description: 'The page', content: { 'text/html': { schema: text } } },
      302: { description: 'Back to the client, with code or error', type: 'null' },
      400: refusal,
    },
  },
} as const satisfies Record<string, FastifySchema>
