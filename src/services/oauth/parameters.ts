/** Parameters of the two endpoints, and what is wrong with them (RFC 6749, 4.1.2.1 and 5.2). */

export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'invalid_resource'
  | 'access_denied'

/** A refusal of the sign-in service; the message is for the client's developer. */
export class OAuthRefusal extends Error {
  override readonly name = 'OAuthRefusal'
  readonly code: OAuthErrorCode
  constructor(code: OAuthErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

export type Parameters = ReadonlyMap<string, string>

const longestValue = 4096
const mostParameters = 40

/**
 * Reads a query or form. What comes twice is refused: the parts of a system that read one or the other would disagree (RFC 6749, 3.1).
 * @throws OAuthRefusal
 */
export function readParameters(text: string): Parameters {
  const entries = [...new URLSearchParams(text)]
  if (entries.length > mostParameters)
    throw new OAuthRefusal('invalid_request', `There are more than ${mostParameters} parameters`)
  const twice = entries.find(([name], index) => entries.findIndex(([other]) => other === name) < index)
  if (twice !== undefined)
    throw new OAuthRefusal('invalid_request', `The parameter ${printable(twice[0])} is given twice`)
  const long = entries.find(([, value]) => value.length > longestValue)
  if (long !== undefined)
    throw new OAuthRefusal(
      'invalid_request',
      `The parameter ${printable(long[0])} is longer than ${longestValue} characters`,
    )
  return new Map(entries)
}

/** Of this printable ASCII form. @throws OAuthRefusal */
export function required(parameters: Parameters, name: string): string {
  const value = parameters.get(name) ?? ''
  if (value === '') throw new OAuthRefusal('invalid_request', `The parameter ${name} is missing`)
  if (!/^[\x20-\x7E]{1,2000}$/.test(value))
    throw new OAuthRefusal(
      'invalid_request',
      `The parameter ${name} is longer than 2000 characters, or has some that are not printable`,
    )
  return value
}

/** For a message: what is not printable ASCII is left out, and it ends somewhere. */
export function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7E]|["\\]/g, '').slice(0, 100)
}
