/** Content keys as REST answers carry them (rest-mde 6). */
import type { SymmetricKey } from '../../crypto/content-key.js'

export function keyMember({ key, cipherMode }: SymmetricKey): object {
  return { Algorithm: 'AES', CipherMode: `MICROSOFT.${cipherMode}`, Size: key.length, Value: key.toString('base64') }
}
