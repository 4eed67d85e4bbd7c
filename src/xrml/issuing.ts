/** What a server issues with: its certificate, the chain above it, and its key. */
import type { RsaPublicKey } from '../crypto/keys.js'
import type { Signer } from '../crypto/signer.js'
import type { Principal } from './body.js'
import type { XrmlDocument } from './document.js'

export interface Issuing {
  /** Stands behind what is issued. */
  readonly chain: readonly XrmlDocument[]
  /** Principal of the first certificate: the ISSUER of all that is issued. */
  readonly principal: Principal
  readonly signer: Signer
  /** A server of a lab may be told to issue badly. */
  readonly spoiling?: Spoiling
}

export interface Spoiling {
  /** A signed document, as it goes out. */
  readonly document?: (text: string) => Promise<string>
  /** Whom a key in a document is sealed to, in place of its holder. */
  readonly holder?: RsaPublicKey
}

/** A document that was signed with this, as it goes out. */
export async function issued({ spoiling }: Issuing, signing: Promise<string>): Promise<string> {
  const signed = await signing
  return spoiling?.document === undefined ? signed : spoiling.document(signed)
}

/** Whom a key for that holder is sealed to. */
export function sealedTo({ spoiling }: Issuing, holder: RsaPublicKey): RsaPublicKey {
  return spoiling?.holder ?? holder
}
