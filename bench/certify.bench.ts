/** What does it cost to certify an account that has its key pair (Certify, [MS-RMPR] 3.3.4.1)? */
import { readyMachine } from '../src/client/index.js'
import { hasOne, measure, withDatabase, withNode } from './measure.js'
import type { Question, Row } from './question.js'
import { certifyRequest } from './requests.js'
import { makeAccounts } from './sessions.js'

export const certify: Question = {
  name: 'certify',
  about: 'account certificates of one node, for accounts that have a key pair already',
  async ask(bench) {
    const { size, nodeCore: core } = bench
    const rows: Row[] = []
    for (const mode of size.modes) {
      const engine = 'openssl'
      const machine = readyMachine(`alice-pc-mode${mode}`)
      const ask = (database: string): Promise<Row> =>
        withNode({ database, mode, engine, accounts: size.users, core }, async (node) => {
          const accounts = await makeAccounts(node.url, mode, bench)
          const requests = accounts.map((account) => certifyRequest(account, machine))
          return measure(bench, node, {
            what: `certify, ${accounts.length} users`,
            mode,
            engine,
            requests,
            isGood: hasOne('<DESCRIPTOR><OBJECT type="Group-Identity-Credential">'),
          })
        })
      rows.push(await withDatabase(ask))
    }
    return rows
  },
}
