/** A certificate and its key, as files. Apart from the lab CA, so that servers which only read them need not load what makes them. */
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import type { TlsIdentity } from '../crypto/lab-ca.js'

export interface TlsFilePair extends TlsIdentity {
  readonly certFile: string
  readonly keyFile: string
}

/** A certificate or key that cannot be used. */
export class BadTlsFile extends Error {
  override readonly name = 'BadTlsFile'
}

/**
 * A certificate and its key from files in PEM; undefined when neither is named.
 * @throws BadTlsFile when one is missing, they cannot be read, or do not fit together
 */
export async function readTlsFiles(
  certFile: string | undefined,
  keyFile: string | undefined,
): Promise<TlsFilePair | undefined> {
  if (certFile === undefined && keyFile === undefined) return undefined
  if (certFile === undefined || keyFile === undefined)
    throw new BadTlsFile(
      'A certificate needs its key, and a key its certificate: give --tls-cert FILE and --tls-key FILE',
    )
  const read = (path: string): Promise<string> =>
    readFile(path, 'utf8').catch((error: unknown) => {
      throw new BadTlsFile(`${path} cannot be read: ${(error as Error).message}`)
    })
  const [cert, key] = [await read(certFile), await read(keyFile)]
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    throw new BadTlsFile(
      `${certFile} and ${keyFile} are no certificate and its key, in PEM: ${(error as Error).message}`,
    )
  }
  return { cert, key, certFile, keyFile }
}
