/** The authentication schemes that a server offers, in the order in which Windows names them. */
import { basicChallenge } from './basic.js'

export const schemeNames = ['negotiate', 'ntlm', 'basic'] as const
export type Scheme = (typeof schemeNames)[number]

/** From a list with commas; what is no scheme is left out. */
export function schemesOf(list: string): readonly Scheme[] {
  const items = list.split(',')
  return schemeNames.filter((name) => items.includes(name))
}

/** Those that sign in a connection, not a request. */
export type ConnectionScheme = Exclude<Scheme, 'basic'>

const challenges: Readonly<Record<Scheme, string>> = { negotiate: 'Negotiate', ntlm: 'NTLM', basic: basicChallenge }

/** Values of WWW-Authenticate. */
export function challengesOf(offered: readonly Scheme[]): readonly string[] {
  return schemeNames.filter((name) => offered.includes(name)).map((name) => challenges[name])
}

/** A scheme as a header names it. */
export function nameOfScheme(scheme: ConnectionScheme): 'NTLM' | 'Negotiate' {
  return scheme === 'ntlm' ? 'NTLM' : 'Negotiate'
}

export interface Credentials {
  readonly scheme: ConnectionScheme
  readonly token: Buffer
}

/** In base64. Far above what NTLM needs; the header as a whole is limited by the server. */
const longestToken = 12 * 1024

/** @returns undefined when the header is no credential of NTLM or Negotiate, or too long */
export function readCredentials(header: string): Credentials | undefined {
  const [, name, token] = /^(ntlm|negotiate) +([A-Za-z0-9+/]+=*) *$/i.exec(header) ?? []
  if (name === undefined || token === undefined || token.length > longestToken) return undefined
  return { scheme: name.toLowerCase() as ConnectionScheme, token: Buffer.from(token, 'base64') }
}
