/** Cryptographic modes ([MS-RMPR] 3.1.4.7): which key length, hash and sealing a cluster uses. */

export type CryptoMode = 1 | 2
export type HashName = 'SHA1' | 'SHA256'
export type EnablingBitsType = 'sealed-key' | 'sealed-key-v2'

export interface ModeRules {
  readonly mode: CryptoMode
  readonly hash: HashName
  /** RSA key length of SLC, RAC, CLC and machine. */
  readonly keyBits: 1024 | 2048
  readonly enablingBits: EnablingBitsType
}

export const modes: Readonly<Record<CryptoMode, ModeRules>> = {
  1: { mode: 1, hash: 'SHA1', keyBits: 1024, enablingBits: 'sealed-key' },
  2: { mode: 2, hash: 'SHA256', keyBits: 2048, enablingBits: 'sealed-key-v2' },
}

/** The mode that a sealed key's type belongs to; undefined for a type that RMS does not have. */
export function modeOfEnablingBits(type: string): ModeRules | undefined {
  return Object.values(modes).find((rules) => rules.enablingBits === type)
}

/** OpenSSL's name and the length in bytes of a digest named as XrML names it. */
export const hashes: Readonly<Record<HashName, { readonly openssl: 'sha1' | 'sha256'; readonly bytes: number }>> = {
  SHA1: { openssl: 'sha1', bytes: 20 },
  SHA256: { openssl: 'sha256', bytes: 32 },
}
