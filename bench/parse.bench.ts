/** What does it cost to read the text of a message: with the complete parser, with the plain reader, and with its documents known? */
import { knownElements } from '../src/xrml/known-documents.js'
import { checkChain } from '../src/xrml/chain.js'
import { readyMachine } from '../src/client/index.js'
import { defaultXmlLimits, readXml, readXmlWhole } from '../src/xml/read.js'
import { readOneDocument } from '../src/xrml/document.js'
import type { Question, Row } from './question.js'
import { certifyRequest } from './requests.js'
import { repeat } from './sign.bench.js'

export const parse: Question = {
  name: 'parse',
  about: 'reading a message with a chain of certificates, in this process',
  async ask(bench) {
    const rows: Row[] = []
    for (const mode of bench.size.modes) {
      const { chain } = readyMachine(`alice-pc-mode${mode}`)
      // As it comes from the socket: one piece of memory
      const { body } = certifyRequest({ mail: 'alice@contoso.test' }, { chain })
      const message = Buffer.from(body).toString('latin1')
      // Verified once, they are known
      checkChain(chain.map((document) => readOneDocument(document.text)))
      const size = `of ${Math.round(message.length / 1024)} KiB`
      const ways = {
        [`message ${size}, complete parser`]: () => readXmlWhole(message),
        [`message ${size}, plain reader`]: () => readXml(message),
        [`message ${size}, its documents known`]: () => readXml(message, defaultXmlLimits, knownElements()),
      }
      for (const [what, read] of Object.entries(ways))
        rows.push({ ...(await repeat(bench, what, read)), mode, engine: 'openssl' })
    }
    return rows
  },
}
