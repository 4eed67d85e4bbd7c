/** How the cost of a license grows: a function for each curve. */
import { setTimeout as wait } from 'node:timers/promises'
import { loadServerState } from '../src/cluster/server-state.js'
import { signSeedTemplates } from '../src/cluster/seed-templates.js'
import { systemClock, systemRandom } from '../src/effects.js'
import { seedForest } from '../src/directory/seed.js'
import { defaultNodeOptions } from '../src/node/start.js'
import type { RightsPolicy } from '../src/client/index.js'
import { addManyAccounts, addManyLogRows } from './fill-database.js'
import { countOfSingles, measureKnown, measureOneByOne, steps, type Growing } from './growing.js'
import type { LoadRequest } from './load.js'
import type { Row } from './question.js'
import { licenseRequest } from './requests.js'

type Curve = (growing: Growing) => Promise<readonly Row[]>

const staff = { to: 'staff@contoso.test', rights: ['VIEW'] }

/** The one that counts stands last. */
const principals: Curve = async (growing) => {
  const rows: Row[] = []
  for (const x of steps(growing, [1, 10, 100, 1000])) {
    const others = Array.from({ length: x - 1 }, (_, index) => ({
      to: `reader-${index + 1}@contoso.test`,
      rights: ['VIEW'],
    }))
    rows.push(
      ...(await knownAndNew(
        growing,
        { curve: 'principals', of: 'principals in the PL', x },
        { rights: [...others, staff] },
      )),
    )
  }
  return rows
}

/** Application data that goes from the PL into the license, which takes 64 K characters of it at most. */
const messageSize: Curve = async (growing) => {
  const rows: Row[] = []
  for (const kilobytes of steps(growing, [0, 10, 30, 60])) {
    const applicationData = kilobytes === 0 ? [] : [{ name: 'filler', value: 'x'.repeat(kilobytes * 1024) }]
    const [request] = await requestsFor(growing, { rights: [staff], applicationData }, 1)
    const x = Math.round((request?.body.length ?? 0) / 1024)
    rows.push(
      ...(await knownAndNew(
        growing,
        { curve: 'size', of: 'KB of the request', x },
        { rights: [staff], applicationData },
      )),
    )
  }
  return rows
}

/** The certificate of the account alone or with its chain, the publishing license alone or with the certificate that signed it. */
const chain: Curve = async (growing) => {
  const { author, accounts, content } = growing
  const [account] = accounts
  if (account === undefined) return []
  const alone = { pl: (await author.publishOnline({ rights: [staff] })).pl }
  const ways = [
    { account: { ...account, chain: account.chain.slice(0, 1) }, pl: alone.pl },
    { account: { ...account, chain: account.chain.slice(0, 1) }, pl: content.pl },
    { account, pl: alone.pl },
    { account, pl: content.pl },
  ]
  const rows: Row[] = []
  for (const way of steps(growing, ways)) {
    const x = way.account.chain.length + way.pl.length
    rows.push(
      await measureKnown(
        growing,
        { curve: 'chain', of: 'certificates and licenses in the request', x, line: 'the same PL' },
        [licenseRequest(way.account, way)],
      ),
    )
  }
  return rows
}

/** Each account is in a chain of groups of its own, and rights are given to the outermost. */
const nesting: Curve = async (growing) => {
  const { store, author, accounts, bench } = growing
  const rows: Row[] = []
  for (const [index, x] of steps(growing, [1, 4, 16, 64]).entries()) {
    const account = accounts[index]
    const sid = account === undefined ? undefined : (await store.directory.accountByMail(account.mail))?.sid
    if (account === undefined || sid === undefined)
      throw new RangeError(`${bench.size.users} users are too few for this curve`)
    const groups = Array.from({ length: x }, (_, level) => ({
      sid: `${seedForest.domainSid}-${60_000 + x * 100 + level}`,
      name: `${seedForest.netbiosName}\\nested-${x}-${level + 1}`,
      mail: `nested-${x}-${level + 1}@contoso.test`,
      proxyAddresses: [],
    }))
    await store.directory.addGroups(groups)
    await store.directory.addMemberships(
      groups.map((group, level) => ({ groupSid: group.sid, memberSid: groups[level - 1]?.sid ?? sid })),
    )
    const content = await author.publish({ rights: [{ to: groups.at(-1)?.mail ?? '', rights: ['VIEW'] }] })
    rows.push(
      ...(await unchangedAndChanged(growing, { curve: 'nesting', of: 'groups, one in the other', x }, [
        licenseRequest(account, content),
      ])),
    )
  }
  return rows
}

const accountCounts: Curve = async (growing) => {
  const { bench, database, store } = growing
  const rows: Row[] = []
  let done = 0
  for (const step of steps(growing, [100, 10_000, 100_000, 1_000_000])) {
    done = await addManyAccounts({
      database,
      from: done,
      to: step,
      progress: (count) => bench.progress(`accounts: ${count}`),
      signal: bench.signal,
    })
    const point = { curve: 'accounts', of: 'accounts in the directory', x: await store.directory.countAccounts() }
    rows.push(...(await unchangedAndChanged(growing, point, requestsOfAll(growing))))
  }
  return rows
}

const templates: Curve = async (growing) => {
  const { author, store, mode } = growing
  const [template] = await author.templates()
  if (template === undefined) throw new Error('The cluster has no template')
  const state = await loadServerState(store, 'root', defaultNodeOptions.keyPassword, 'openssl')
  const { principal, signer } = state.own
  const issuer = { principal, signer, hash: state.rules.hash, licensingUrl: `${state.configuration.baseUrl}/licensing` }
  const requests = growing.accounts.map((account) => ({ account, content: author.publish({ template }) }))
  const ready = await Promise.all(requests.map(async ({ account, content }) => licenseRequest(account, await content)))
  const rows: Row[] = []
  let count = (await store.templates.list('root')).length
  for (const x of steps(growing, [count, 100, 1000])) {
    growing.bench.progress(`Mode ${mode}: ${x} templates`)
    while (count < x) {
      const made = (await signSeedTemplates(issuer, seedForest, systemClock.now(), systemRandom)).slice(0, x - count)
      for (const one of made) await store.templates.save('root', one)
      count += made.length
    }
    await wait(refreshMilliseconds)
    rows.push(
      await measureKnown(
        growing,
        { curve: 'templates', of: 'templates of the cluster', x, line: 'PL of a template' },
        ready,
      ),
    )
  }
  return rows
}

/** A node looks every second whether its configuration has changed, and then loads all of it. */
const refreshMilliseconds = 2500

const logRows: Curve = async (growing) => {
  const { bench, database } = growing
  const { logRowSeconds } = bench.size
  const rows: Row[] = []
  let [done, left] = [0, logRowSeconds]
  for (const step of steps(growing, [0, 10_000, 100_000, 1_000_000, 10_000_000])) {
    const began = systemClock.monotonic()
    done = await addManyLogRows(
      {
        database,
        from: done,
        to: step,
        progress: (count) => bench.progress(`request log: ${count} rows`),
        signal: bench.signal,
      },
      left,
    )
    left -= (systemClock.monotonic() - began) / 1000
    const of =
      done < step
        ? `rows in the request log (as many as were written in ${logRowSeconds} s)`
        : 'rows in the request log'
    rows.push(await measureKnown(growing, { curve: 'log', of, x: done, line: 'the same PL' }, requestsOfAll(growing)))
    if (done < step) break
  }
  return rows
}

export const curves: readonly Curve[] = [principals, messageSize, chain, nesting, templates, accountCounts, logRows]

interface Place {
  readonly curve: string
  readonly of: string
  readonly x: number
}

async function knownAndNew(growing: Growing, place: Place, policy: RightsPolicy): Promise<readonly Row[]> {
  const [first, ...others] = await requestsFor(growing, policy, countOfSingles(growing) + 1)
  return [
    await measureKnown(growing, { ...place, line: 'the same PL' }, first === undefined ? [] : [first]),
    await measureOneByOne(growing, { ...place, line: 'another PL each time, one by one' }, others),
  ]
}

async function unchangedAndChanged(
  growing: Growing,
  place: Place,
  requests: readonly LoadRequest[],
): Promise<readonly Row[]> {
  const { directory } = growing.store
  // Nothing is different, but it counts as a change: what the node remembers of the directory is asked anew
  const change = (): Promise<void> => directory.addMemberships([])
  return [
    await measureKnown(growing, { ...place, line: 'directory unchanged' }, requests),
    await measureOneByOne(growing, { ...place, line: 'directory changed before each, one by one' }, requests, change),
  ]
}

/** Another PL for each request, users in turn. */
async function requestsFor(
  { author, accounts }: Growing,
  policy: RightsPolicy,
  count: number,
): Promise<readonly LoadRequest[]> {
  const requests: LoadRequest[] = []
  for (let index = 0; index < count; index++) {
    const account = accounts[index % accounts.length]
    if (account !== undefined) requests.push(licenseRequest(account, await author.publish(policy)))
  }
  return requests
}

function requestsOfAll({ accounts, content }: Growing): readonly LoadRequest[] {
  return accounts.map((account) => licenseRequest(account, content))
}
