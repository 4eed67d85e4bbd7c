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

/**
 * A token may be as long as a header: a client whose best mechanism is Kerberos sends all of its ticket before it is asked for NTLM.
 * @returns undefined when the header is no credential of NTLM or Negotiate
 */
export function readCredentials(header: string): Credentials | undefined {
  const [, name, token] = /^(ntlm|negotiate) +([A-Za-z0-9+/]+=*) *$/i.exec(header) ?? []
  if (name === undefined || token === undefined) return undefined
  return { scheme: name.toLowerCase() as ConnectionScheme, token: Buffer.from(token, 'base64') }
}

/** Why credentials are of no use here, for the log. */
export function whyUnusable(header: string, offered: readonly Scheme[]): string {
  const [name = ''] = /^[^\s,=]{0,40}/.exec(header) ?? []
  const scheme = schemeNames.find((known) => known === name.toLowerCase())
  if (scheme === undefined) return `the scheme ${JSON.stringify(name)} is not known`
  if (!offered.includes(scheme)) return `the scheme ${name} is not offered`
  return scheme === 'basic' ? 'wrong user name or password' : `what follows ${name} is no token in base64`
}
