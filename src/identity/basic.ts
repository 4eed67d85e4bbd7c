/** HTTP Basic (RFC 7617) against the directory. */
import { isAscii } from 'node:buffer'
import type { Directory } from '../directory/directory.js'
import { decoderOf } from '../xml/charset.js'
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
  for (const text of readingsOf(Buffer.from(encoded, 'base64'))) {
    const [, name, password] = /^([^:]*):([^]*)$/.exec(text) ?? []
    const account =
      name === undefined || password === undefined ? undefined : await directory.authenticate(name, password)
    if (account !== undefined) return { isAuthenticated: true, authenticationType: 'Basic', account }
  }
  return undefined
}

const western = decoderOf('windows-1252')

/** UTF-8, as the challenge says; for clients that do not heed it the Windows code page too, which has the letters of ISO 8859-1 at the same places. */
function readingsOf(bytes: Buffer): readonly string[] {
  if (isAscii(bytes)) return [bytes.toString('latin1')]
  return [utf8(bytes), western?.(bytes)].flatMap((text) => text ?? [])
}

function utf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
