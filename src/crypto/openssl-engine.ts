/** Private keys by OpenSSL. */
import { constants, privateDecrypt, privateEncrypt } from 'node:crypto'
import { withoutPadding, type MakeEngine } from './engine.js'

export const opensslEngine: MakeEngine = (key) => {
  const oaep = { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }
  const raw = { key, padding: constants.RSA_NO_PADDING }
  return (operation, block) => {
    if (operation === 'exponentiate') return privateEncrypt(raw, block)
    // Node 20 refuses PKCS#1 v1.5 in privateDecrypt, so its padding is taken off here.
    return operation === 'OAEP' ? privateDecrypt(oaep, block) : withoutPadding(privateDecrypt(raw, block))
  }
}
