/**
 * One node as a process of its own. Arguments: database, mode, engine, number of accounts to add, id, number of signer threads, lab. It tells its URL to the
 * process that started it, answers each message with what it has used so far, and ends when that process goes away.
 */
import { seedForest, seedPassword } from '../src/directory/seed.js'
import type { Directory, NewAccount } from '../src/directory/directory.js'
import type { DirectoryStore } from '../src/cluster/store/directory-store.js'
import type { CryptoMode } from '../src/crypto/modes.js'
import type { EngineName } from '../src/crypto/engine.js'
import { keepHeapSmall } from '../src/node/small-heap.js'
import { defaultJournalLimits } from '../src/node/journal.js'
import { startNode } from '../src/node/start.js'

export interface NodeReady {
  readonly url: string
}

export interface NodeUsage {
  /** User and system, in milliseconds. */
  readonly cpu: number
  /** Bytes. */
  readonly rss: number
}

const [
  database = ':memory:',
  mode = '2',
  engine = 'openssl',
  accounts = '0',
  nodeId = 'root-1',
  signerThreads = '0',
  lab = 'none',
] = process.argv.slice(2)

keepHeapSmall()
// Ctrl-C goes to every process of the terminal; the one that started this node ends it in its own time
process.on('SIGINT', () => undefined)
const gone = new Promise((resolve) => process.once('disconnect', resolve))

const node = await startNode({
  database,
  mode: Number(mode) as CryptoMode,
  engine: engine as EngineName,
  signerThreads: Number(signerThreads),
  nodeId,
  provision: nodeId === 'root-1',
  lab: lab !== 'none',
  ...(lab === 'journal' ? { journal: { limits: defaultJournalLimits, secrets: false } } : {}),
})
await addAccounts(node.context.store.directory, Number(accounts))
process.on('message', () => tell(usage()))
tell({ url: node.url })
await gone
await node.close()

function tell(message: NodeReady | NodeUsage): void {
  // A starter that has gone needs no answer
  process.send?.(message, undefined, undefined, () => undefined)
}

function usage(): NodeUsage {
  const { user, system } = process.cpuUsage()
  return { cpu: (user + system) / 1000, rss: process.memoryUsage.rss() }
}

/** Members of `legal`, and so of `staff`: rights given to `staff` make the node look groups up at two depths. */
async function addAccounts(directory: DirectoryStore, count: number): Promise<void> {
  const added = Array.from({ length: count }, (_, index) => benchAccount(index))
  if (added[0] === undefined || (await known(directory, added[0]))) return
  await directory.addAccounts(added)
  const groupSid = (await directory.groupByMail('legal@contoso.test'))?.sid ?? ''
  await directory.addMemberships(added.map(({ sid }) => ({ groupSid, memberSid: sid })))
}

async function known(directory: Directory, { sid }: NewAccount): Promise<boolean> {
  return (await directory.accountBySid(sid)) !== undefined
}

function benchAccount(index: number): NewAccount {
  return {
    sid: `${seedForest.domainSid}-${20_001 + index}`,
    sidHistory: [],
    name: `${seedForest.netbiosName}\\bench-${index + 1}`,
    mail: `bench-${index + 1}@contoso.test`,
    proxyAddresses: [],
    enabled: true,
    password: seedPassword,
  }
}
