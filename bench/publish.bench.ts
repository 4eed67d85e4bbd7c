/** What do the two ways to publish cost a node: a PL signed online, and a CLC to sign offline with ([MS-RMPR] 3.5.4.1, 3.5.4.2)? */
import { prepareContent } from '../src/client/prepare-content.js'
import { serverOf } from '../src/client/acquire-issuance-license.js'
import type { Account } from '../src/client/index.js'
import { ownerOf } from '../src/client/publish.js'
import { systemClock, systemRandom } from '../src/effects.js'
import { buildUnsignedPl } from '../src/xrml/pl.js'
import { hasOne, measure, withDatabase, withNode } from './measure.js'
import type { Question, Row } from './question.js'
import { licensorCertRequest, publishRequest } from './requests.js'
import { makeAccounts } from './sessions.js'

export const publish: Question = {
  name: 'publish',
  about:
    'publishing licenses signed online, and certificates to publish offline with, each of which takes a new key pair',
  async ask(bench) {
    const { size, nodeCore: core } = bench
    const rows: Row[] = []
    for (const mode of size.modes) {
      const cell = { mode, engine: 'openssl' } as const
      const ask = (database: string): Promise<readonly Row[]> =>
        withNode({ database, ...cell, accounts: size.users, core }, async (node) => {
          const accounts = await makeAccounts(node.url, mode, bench)
          const online = accounts.map((account) => publishRequest(account, unsignedPl(account)))
          const offline = accounts.map(licensorCertRequest)
          return [
            await measure(bench, node, {
              ...cell,
              what: 'publish online',
              requests: online,
              isGood: hasOne('type="Microsoft Rights Label"'),
            }),
            await measure(bench, node, {
              ...cell,
              what: 'CLC, with a new key pair',
              requests: offline,
              isGood: hasOne('<DESCRIPTOR><OBJECT type="Client-Licensor-Certificate">'),
            }),
          ]
        })
      rows.push(...(await withDatabase(ask)))
    }
    return rows
  },
}

function unsignedPl(account: Account): string {
  const slcChain = account.chain.slice(1)
  const policy = { rights: [{ to: 'staff@contoso.test', rights: ['VIEW', 'EDIT', 'PRINT'] }] }
  const context = { credentials: undefined, trustRoots: [], clock: systemClock, random: systemRandom }
  return buildUnsignedPl(
    prepareContent(context, { owner: ownerOf(account), server: serverOf(slcChain), slcChain, policy }).fields,
  )
}
