/** AcquireContentKey: the bare content key from a decommissioned cluster ([MS-RMSI] 3.2.4.1). */
import { xmlNodes } from '../soap/xml-node.js'
import { child, descend } from '../xml/read.js'
import { element } from '../xml/write.js'
import type { XrmlDocument } from '../xrml/document.js'
import { readPl } from '../xrml/pl.js'
import { decryptRightsData } from '../xrml/rights-data.js'
import { call, type ClientContext } from './context.js'
import { readable, VerificationFailed } from './verify.js'

/**
 * @param baseUrl such as `http://rms/_wmcs`
 * @param pl chain, leaf first
 * @returns the key's bytes; the answer does not tell its cipher mode
 * @throws SoapFault, CallFailed, VerificationFailed when the key does not open the rights data of the PL
 */
export async function acquireContentKey(
  context: ClientContext,
  baseUrl: string,
  pl: readonly XrmlDocument[],
): Promise<Buffer> {
  const url = `${baseUrl}/decommission/decommission.asmx`
  const license = xmlNodes(
    'IssuanceLicense',
    pl.map((document) => document.text),
  )
  const answer = await call(context, {
    url,
    service: 'decommission',
    operation: 'AcquireContentKey',
    content: [element('paramsSoap', {}, element('AcquireContentKeyParams', {}, license))],
  })
  const what = `content key from ${url}`
  const result = descend(answer, 'AcquireContentKeyResult', 'AcquireContentKeyResponse')
  const type = child(result, 'ContentKeyType')?.text.trim()
  const key = Buffer.from(child(result, 'ContentKey')?.text ?? '', 'base64')
  if (type !== 'AES' || ![16, 24, 32].includes(key.length)) {
    throw new VerificationFailed(what, `it is of type "${type}" with ${key.length} bytes, not an AES key`)
  }
  const [leaf] = pl
  if (leaf === undefined) throw new VerificationFailed('PL', 'the chain is empty')
  readable(what, () => decryptRightsData(readPl(leaf).encryptedRightsData, key))
  return key
}
