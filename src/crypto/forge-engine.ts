/** Private keys by node-forge, in JavaScript alone. */
import { withoutPadding, type MakeEngine } from './engine.js'
import { nodeForge } from './node-forge.js'

export const forgeEngine: MakeEngine = (key) => {
  const forge = nodeForge()
  const forgeKey = forge.pki.privateKeyFromPem(key.export({ format: 'pem', type: 'pkcs8' }).toString())
  const exponentiate = (block: Buffer): Buffer =>
    Buffer.from(forgeKey.decrypt(block.toString('binary'), 'RAW'), 'binary')
  return (operation, block) => {
    if (operation === 'exponentiate') return exponentiate(block)
    if (operation === 'PKCS1') return withoutPadding(exponentiate(block))
    return Buffer.from(forgeKey.decrypt(block.toString('binary'), 'RSA-OAEP', { md: forge.md.sha1.create() }), 'binary')
  }
}
