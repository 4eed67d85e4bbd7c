/** What a node remembers of documents, keys and people must never outlive a change: each case is served first, so that everything is warm, and refused then. */
import t from 'tap'
import { licenseRequest } from '../../bench/requests.js'
import { connect, readyMachine, type Account, type Published } from '../../src/client/index.js'
import type { ServerConfiguration } from '../../src/cluster/configuration.js'
import { refreshServerState, type ServerState } from '../../src/cluster/server-state.js'
import { seedPassword } from '../../src/directory/seed.js'
import { systemClock, type Clock } from '../../src/effects.js'
import { startNode, type RunningNode } from '../../src/node/start.js'
import { addSeconds, secondsPerDay } from '../../src/xrml/times.js'

let offset = 0
const clock: Clock = { now: () => addSeconds(systemClock.now(), offset), monotonic: () => systemClock.monotonic() }
const [node, other] = [await startNode({ clock }), await startNode({ cluster: 'other' })]
t.teardown(async () => {
  await node.close()
  await other.close()
})

const clientAt = ({ url }: RunningNode, user: string) =>
  connect({ url, user: `${user}@contoso.test`, password: seedPassword, machine: readyMachine(`${user}-pc-mode2`) })
const rights = [{ to: 'bob@contoso.test', rights: ['VIEW'] }]
const bob = await clientAt(node, 'bob').certify()
const foreignBob = await clientAt(other, 'bob').certify()
const content = await clientAt(node, 'alice').publish({ rights })
const foreignContent = await clientAt(other, 'alice').publish({ rights })

/** 'served', or the fault. */
async function ask(
  account: Account,
  published: Pick<Published, 'pl'>,
  change = (body: string): string => body,
): Promise<string> {
  const { method, path, headers, body } = licenseRequest(account, published)
  const response = await fetch(`${node.url}${path}`, { method, headers, body: change(body) })
  const text = await response.text()
  if (response.status === 200 && text.includes('purpose="Content-License"')) return 'served'
  return response.status === 401 ? '401' : (/<faultstring>([^<]*)/.exec(text)?.[1] ?? text)
}

/** As an administrator does it; then the node looks, as it does each second. */
async function configure(settings: Partial<ServerConfiguration>): Promise<void> {
  const { store } = node.context
  const stored = await store.clusters.find('root')
  if (stored !== undefined) await store.clusters.saveConfiguration('root', { ...stored.configuration, ...settings })
  node.context.setState(await refreshServerState(store, node.context.state()))
}

interface Case {
  readonly what: string
  readonly account?: Account
  readonly content?: Published
  /** What has to be so that the request is served. */
  readonly before?: () => Promise<void> | void
  readonly change: () => Promise<void> | void
  readonly refused: RegExp
  readonly undo: () => Promise<void> | void
}

const { directory } = node.context.store
const bobsSid = bob.rac.account.object?.id ?? ''
const own = node.context.state().configuration.trustedRacIssuers
const foreign = other.context.state().configuration.trustedRacIssuers
const trusting = (trusted: ServerState['trusted']) => () => node.context.setState({ ...node.context.state(), trusted })

const cases: readonly Case[] = [
  {
    what: 'a RAC that has expired',
    change: () => void (offset = 366 * secondsPerDay),
    refused: /InvalidPersonaCertTimeException/,
    undo: () => void (offset = 0),
  },
  {
    what: 'a RAC that is excluded',
    change: () => configure({ racExclusionPolicy: [bob.rac.account.publicKey?.modulus ?? ''] }),
    refused: /DrmacIsExcludedException/,
    undo: () => configure({ racExclusionPolicy: null }),
  },
  {
    what: 'a machine whose security processor is too old by now',
    change: () => configure({ spcExclusionPolicy: '99.0.0.0' }),
    refused: /BlackBoxIsInvalidException/,
    undo: () => configure({ spcExclusionPolicy: null }),
  },
  {
    what: 'a RAC whose issuer, a trusted user domain, is trusted no more',
    account: foreignBob,
    before: () => configure({ trustedRacIssuers: [...own, ...foreign] }),
    change: () => configure({ trustedRacIssuers: own }),
    refused: /UntrustedPersonaCertException/,
    undo: () => undefined,
  },
  {
    what: 'a PL of a trusted publishing domain that is trusted no more',
    content: foreignContent,
    before: trusting([other.context.state().own]),
    change: trusting([]),
    refused: /RightsLabelNoMatchingIssuedPrincipalException/,
    undo: trusting([]),
  },
  {
    what: 'anything at a cluster that is decommissioned',
    change: () =>
      node.context.setState({
        ...node.context.state(),
        configuration: { ...node.context.state().configuration, serverDecommissioned: true },
      }),
    refused: /ClusterDecommissionedException/,
    undo: () =>
      node.context.setState({
        ...node.context.state(),
        configuration: { ...node.context.state().configuration, serverDecommissioned: false },
      }),
  },
  {
    what: 'an account that is disabled',
    change: () => directory.changeAccount(bobsSid, { enabled: false }),
    refused: /^401$/,
    undo: () => directory.changeAccount(bobsSid, { enabled: true }),
  },
]

for (const { what, account = bob, content: published = content, before, change, refused, undo } of cases) {
  t.test(`${what} is refused on the very next request`, async (t) => {
    await before?.()
    t.equal(await ask(account, published), 'served')
    t.equal(await ask(account, published), 'served', 'warm')
    await change()
    t.match(await ask(account, published), refused)
    await undo()
  })
}

t.test('a group that somebody is taken out of gives no rights on the very next request', async (t) => {
  const forLegal = await clientAt(node, 'alice').publish({ rights: [{ to: 'staff@contoso.test', rights: ['VIEW'] }] })
  const membership = { groupSid: (await directory.groupByMail('legal@contoso.test'))?.sid ?? '', memberSid: bobsSid }
  t.equal(await ask(bob, forLegal), 'served')
  t.equal(await ask(bob, forLegal), 'served', 'warm')
  await directory.removeMembership(membership)
  t.match(await ask(bob, forLegal), /NoRightsForRequestedPrincipalException/)
  await directory.addMemberships([membership])
  t.equal(await ask(bob, forLegal), 'served')
})

t.test('rights and content that have ended are refused, however warm the PL', async (t) => {
  const until = addSeconds(systemClock.now(), secondsPerDay)
  const alice = clientAt(node, 'alice')
  const [timed, expiring] = [
    await alice.publish({ rights: [{ to: 'bob@contoso.test', rights: ['VIEW'], until }] }),
    await alice.publish({ rights, validUntil: until }),
  ]
  for (const published of [timed, timed, expiring, expiring]) t.equal(await ask(bob, published), 'served')
  offset = 2 * secondsPerDay
  t.match(await ask(bob, timed), /NoRightsForRequestedPrincipalException/)
  t.match(
    await ask(bob, expiring),
    /IssuanceLicenseIsNotWithinValidTimeRangeException|NoRightsForRequestedPrincipalException/,
  )
  offset = 0
})

t.test('one character changed in a known document is found, wherever it stands', async (t) => {
  t.equal(await ask(bob, content), 'served')
  const changes: readonly (readonly [string, (body: string) => string, RegExp])[] = [
    [
      'name in the RAC',
      (body) => body.replace('<NAME>bob@contoso.test', '<NAME>bob@contoso.tesu'),
      /InvalidPersonaCertSignatureException/,
    ],
    [
      'certificate above the RAC',
      (body) => body.replace('LAB DRM Server Self Enrollment Service', 'LAB DRM Server Self Enrollment Servicf'),
      /InvalidPersonaCertSignatureException/,
    ],
    [
      'time of the PL',
      (body) => body.replace(/(<BODY type="Microsoft Rights Label"[^>]*><ISSUEDTIME>)\d/, '$13'),
      /InvalidRightsLabelSignatureException/,
    ],
    [
      'signature',
      (body) => body.replace(/.(?=={0,2}<\/VALUE><\/SIGNATURE><\/XrML>)/, (last) => (last === 'A' ? 'Q' : 'A')),
      /InvalidPersonaCertSignatureException/,
    ],
  ]
  for (const [what, change, refused] of changes) t.match(await ask(bob, content, change), refused, what)
  t.equal(await ask(bob, content), 'served')
})
