/** JSON Schema of what administrators write, whichever way it comes: over HTTP, or in a seed file. */

/** An object that takes these properties and no other. */
export function closed<Properties extends Readonly<Record<string, object>>>(
  properties: Properties,
  required: readonly (keyof Properties & string)[] = [],
): object {
  return { type: 'object', additionalProperties: false, ...(required.length === 0 ? {} : { required }), properties }
}

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

export const password = { type: 'string', minLength: 1, maxLength: 127, examples: ['Passw0rd!'] } as const
