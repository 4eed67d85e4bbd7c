/**
 * Many users at the same time, signed in by NTLM or Negotiate through one balancer onto a few node processes. Everything a server issues or records
 * must be for the user who asked: the identity of a connection must never be found on another one.
 */
import { CallFailed, connect, readyMachine, type RmsClient, type SignIn } from '../../src/client/index.js'
import { openStore } from '../../src/cluster/store/open.js'
import type { Group, NewAccount } from '../../src/directory/directory.js'
import { seedForest, seedPassword } from '../../src/directory/seed.js'
import { startInstallation } from '../../src/manage/start.js'

export interface ManyUsers {
  readonly users: number
  /** How often each user is certified and given a license: every other time on connections that are kept, every other time on new ones. */
  readonly times: number
  readonly nodes: number
  readonly signIn: SignIn
  /** An empty database. */
  readonly database: string
  readonly onProgress?: (done: number) => void
}

export interface ManyUsersResult {
  readonly certified: number
  readonly licensed: number
  /** What was for somebody else. */
  readonly wrong: readonly string[]
  /** Calls without an answer, which were made again: on a machine that is too busy for this many users. */
  readonly repeated: number
  /** Certifications by each node, as the request log has them. */
  readonly requestsOfNodes: Readonly<Record<string, number>>
  /** How those who were given licenses had signed in. */
  readonly signedIn: readonly string[]
  readonly seconds: number
}

const everybody: Group = {
  sid: `${seedForest.domainSid}-9000`,
  name: 'CONTOSO\\everybody',
  mail: 'everybody@contoso.test',
  proxyAddresses: [],
}
/** Milliseconds for one call. */
const patience = 600_000
const mostRepetitions = 1000
const machine = readyMachine('bob-pc-mode2')

function accountOf(index: number): NewAccount {
  const user = `user${index}`
  const mail = `${user}@contoso.test`
  return {
    sid: `${seedForest.domainSid}-${10_000 + index}`,
    sidHistory: [],
    name: `CONTOSO\\${user}`,
    mail,
    proxyAddresses: [],
    enabled: true,
    password: `secret of ${user}`,
  }
}

export async function runManyUsers({
  users,
  times,
  nodes,
  signIn,
  database,
  onProgress,
}: ManyUsers): Promise<ManyUsersResult> {
  const installation = await startInstallation({
    processes: true,
    root: nodes,
    licensing: [],
    database,
    requestTimeoutMilliseconds: patience,
  })
  const store = await openStore(database)
  try {
    const accounts = Array.from({ length: users }, (_, index) => accountOf(index))
    await store.directory.addAccounts(accounts)
    await store.directory.addGroups([everybody])
    await store.directory.addMemberships(accounts.map(({ sid }) => ({ groupSid: everybody.sid, memberSid: sid })))
    const alice = connect({ url: installation.url, user: 'CONTOSO\\alice', password: seedPassword })
    const { text: pl } = await alice.publishOnline({ rights: [{ to: everybody.mail ?? '', rights: ['VIEW'] }] })

    // A new account costs a key pair, a quarter of a second of a node: not all at once.
    const waiting = [...accounts]
    const makeKeyPairs = async (): Promise<void> => {
      for (let account = waiting.pop(); account !== undefined; account = waiting.pop()) {
        const { name: user, password } = account
        const client = connect({ url: installation.url, user, password, machine, timeoutMilliseconds: patience })
        await client.certify()
      }
    }
    await Promise.all([1, 2, 3, 4].map(makeKeyPairs))

    const began = performance.now()
    const wrong: string[] = []
    let [certified, licensed, repeated] = [0, 0, 0]
    const open = ({ name, password }: NewAccount): RmsClient =>
      connect({ url: installation.url, user: name, password, signIn, machine, timeoutMilliseconds: patience })
    /** Issuing is safe to repeat. A refusal is not repeated: it is an answer. */
    const again = async <Result>(call: () => Promise<Result>): Promise<Result> => {
      for (;;) {
        try {
          return await call()
        } catch (error) {
          const isAnswer = !(error instanceof CallFailed) || error.status === 401
          if (isAnswer || repeated++ > mostRepetitions) throw error
        }
      }
    }
    const once = async (client: RmsClient, { sid, mail, name }: NewAccount): Promise<void> => {
      const { rac, mail: found } = await again(() => client.certify())
      certified++
      if (rac.account.object?.id !== sid || found !== mail)
        wrong.push(`${name} was given the RAC of ${found}, ${rac.account.object?.id}`)
      const { ul } = await again(() => client.acquireLicense(pl))
      licensed++
      if (ul.account.object?.id !== sid) wrong.push(`${name} was given a license for ${ul.account.object?.name}`)
      onProgress?.(licensed)
    }
    const live = async (account: NewAccount): Promise<void> => {
      const kept = open(account)
      for (let time = 0; time < times; time++) {
        const client = time % 2 === 0 ? kept : open(account)
        await once(client, account).catch((error: unknown) => wrong.push(`${account.name}: ${String(error)}`))
        if (client !== kept) await client.close()
      }
      await kept.close()
    }
    await Promise.all(accounts.map(live))
    const seconds = Math.round((performance.now() - began) / 100) / 10

    for (const { name } of accounts) {
      const recorded = await store.requestLog.count({ user: name, requestType: 'Certify' })
      // A call that was repeated may have been answered twice.
      if (recorded < times + 1 || recorded > times + 1 + repeated)
        wrong.push(`the request log has ${recorded} certifications of ${name}`)
    }
    const requestsOfNodes: Record<string, number> = {}
    const ids = Array.from({ length: nodes }, (_, index) => `root-${index + 1}`)
    for (const id of ids)
      requestsOfNodes[id] = await store.requestLog.count({ hostMachineName: id, requestType: 'Certify' })
    const states = (await store.requestLog.query({ requestType: 'AcquireLicense', limit: 10_000 })).map(
      ({ metadata }) => (JSON.parse(metadata) as { readonly scheme: string }).scheme,
    )
    return { certified, licensed, wrong, repeated, requestsOfNodes, signedIn: [...new Set(states)].toSorted(), seconds }
  } finally {
    await store.close()
    await installation.close()
  }
}
