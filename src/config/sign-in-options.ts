/** Settings about who may sign in, and how: a part of the one list of settings (options.ts). */
import { serving, type OptionRows } from './option-row.js'

export const signInOptions = {
  schemes: {
    type: 'string',
    listOf: ['negotiate', 'ntlm', 'basic'],
    placeholder: 'LIST',
    default: 'negotiate,ntlm,basic',
    defaultText: 'all three',
    commands: serving,
    help: 'ways to sign in that servers offer, with commas between them: negotiate, ntlm, basic',
  },
  ntlm: {
    type: 'choice',
    choices: ['v2', 'v1-ess', 'v1'],
    default: 'v2',
    commands: serving,
    help: 'weakest NTLM response that is accepted: NTLMv2, NTLMv1 with extended session security, or any NTLMv1',
  },
  rest: {
    type: 'boolean',
    default: false,
    commands: ['demo'],
    help: 'tell the story over REST, as mobile devices live it, and across to SOAP',
  },
  'auto-sign-in': {
    type: 'boolean',
    default: false,
    commands: ['up'],
    help: 'the OAuth sign-in page takes login_hint at its word, without a password: for tests',
  },
  'oauth-client': {
    type: 'pairs',
    values: 'string',
    placeholder: 'ID=URI',
    default: [],
    commands: ['up'],
    help: 'application that the OAuth sign-in service sends back to this address, of any scheme, besides the built-in ones; repeatable, kept with the installation',
  },
  'token-issuer': {
    type: 'string',
    format: 'url',
    placeholder: 'URL',
    default: undefined,
    defaultText: 'our own',
    commands: ['up'],
    help: 'issuer (iss) whose access tokens count over REST, instead of our own sign-in service; kept with the installation',
  },
  'token-issuer-keys': {
    type: 'string',
    placeholder: 'FILE',
    default: undefined,
    defaultText: 'with token-issuer',
    commands: ['up'],
    help: 'JWKS with the public keys of that issuer: a file, or the JSON itself',
  },
} as const satisfies OptionRows
