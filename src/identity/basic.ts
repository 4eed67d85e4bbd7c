/** HTTP Basic (RFC 7617) against the directory. */
import type { Directory } from '../directory/directory.js'
import type { Caller } from './caller.js'

/** What a client is told to do when it has no, or wrong, credentials. */
export const basicChallenge = 'Basic realm="rms-emulator", charset="UTF-8"'

const longestHeader = 4096

/**
 * @param header value of Authorization
 * @returns undefined when it is no Basic credential, is malformed, or name and password do not fit
 */
export async function authenticateBasic(header: string | undefined, directory: Directory): Promise<Caller | undefined> {
  const encoded = /^basic\s+([A-Za-z0-9+/]+=*)\s*$/i.exec(header?.slice(0, longestHeader) ?? '')?.[1]
  if (encoded === undefined) return undefined
  const [, name, password] = /^([^:]*):([^]*)$/.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? []
  if (name === undefined || password === undefined) return undefined
  const account = await directory.authenticate(name, password)
  return account === undefined ? undefined : { isAuthenticated: true, authenticationType: 'Basic', account }
}
