/** A seed and a clock: the same requests in the same order are answered with the same bytes, by one server or by three behind their balancer. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { drawsOf } from '../../src/cluster/draws.js'
import { forestClock } from '../../src/cluster/forest-clock.js'
import { provisionLicensing } from '../../src/cluster/provision.js'
import type { Store } from '../../src/cluster/store/open.js'
import type { CryptoMode } from '../../src/crypto/modes.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { systemClock, systemRandom } from '../../src/effects.js'
import {
  connect,
  connectRest,
  seededRandom,
  startInstallation,
  type RmsClient,
  type StoredSeed,
} from '../../src/index.js'
import type { InstallationOptions } from '../../src/installation/installation-options.js'
import { beginSeedAndClock } from '../../src/installation/seed-and-clock.js'
import { startNode, type NodeOptions, type RunningNode } from '../../src/node/start.js'
import { glanceAt } from '../../src/xrml/document.js'
import { openRecordingDoor, type RecordingDoor } from './recording-door.js'

const at = '2026-01-01T00:00:00Z'
const clock = { now: () => new Date(at), monotonic: () => 0 }
const seed = 42
const keyPassword = 'lab-key-password'
/** It goes on with each request: three servers have one order. */
const stepping = '2026-01-01T00:00:00Z/PT1S'
const three = { processes: true, root: 3, licensing: [] } as const satisfies InstallationOptions

interface Run {
  readonly digest: string
  readonly lines: readonly string[]
}

/** From certify to opened licenses: SOAP with Basic and with NTLM, templates, offline and online, for others, and REST. */
async function story(t: Test, url: string): Promise<void> {
  const as = (user: string, options: { readonly signIn?: 'ntlm' } = {}): RmsClient =>
    connect({ url, user: `${user}@contoso.test`, password, clock, random: seededRandom(seed, user), ...options })
  const [alice, bob] = [as('alice'), as('bob', { signIn: 'ntlm' })]
  await alice.bootstrap()
  const [template] = await alice.templates()
  const rights = { rights: [{ to: 'bob@contoso.test', rights: ['VIEW', 'EDIT'] }] }
  const offline = await alice.protectFile(Buffer.from('offline'), '.txt', rights)
  const online = await alice.protectFile(
    Buffer.from('online'),
    '.txt',
    { template: template?.text ?? '' },
    { online: true },
  )
  for (const [file, text] of [
    [offline, 'offline'],
    [online, 'online'],
    [offline, 'offline'],
  ] as const)
    t.equal((await bob.openFile(file)).plain.toString(), text)
  await bob.certify({ persistent: false })
  await bob.close()
  const rest = connectRest({ url, user: 'bob@contoso.test', password, clock })
  await rest.templates()
  t.equal((await rest.openFile(offline)).plain.toString(), 'offline')
  await alice.close()
}

async function run(t: Test, door: RecordingDoor, options: InstallationOptions): Promise<Run> {
  const installation = await startInstallation({ seed, clock: at, publicUrl: door.url, ...options })
  try {
    const [cluster] = installation.ready.clusters
    door.leadTo(
      cluster?.balancer === undefined ? (cluster?.nodes[0]?.url ?? '') : await balancerOf(cluster.balancer.url),
    )
    await story(t, installation.url)
    return recorded(door)
  } finally {
    await installation.close()
  }
}

function recorded(door: RecordingDoor): Run {
  return { digest: door.digest(), lines: door.transcript() }
}

/** Where the balancer of a cluster listens, behind its public URL. */
async function balancerOf(statusUrl: string): Promise<string> {
  const { clusters } = (await (await fetch(new URL('/status', statusUrl))).json()) as {
    readonly clusters: readonly { readonly listeners: readonly { readonly url: string }[] }[]
  }
  return clusters[0]?.listeners[0]?.url ?? ''
}

/** The first place where they differ, for people. */
function difference(one: Run, other: Run): string | undefined {
  const at = one.lines.findIndex((line, index) => line !== other.lines[index])
  if (at < 0) return one.lines.length === other.lines.length ? undefined : 'one is longer'
  const [here, there] = [one.lines[at] ?? '', other.lines[at] ?? '']
  let place = 0
  while (place < here.length && here[place] === there[place]) place++
  const part = (text: string): string => text.slice(Math.max(0, place - 200), place + 100)
  return `${(one.lines[at - 1] ?? '').slice(0, 80)}\n--- ${at}, ${place}\n${part(here)}\n---\n${part(there)}`
}

for (const mode of [1, 2] as const satisfies readonly CryptoMode[]) {
  t.test(
    `Mode ${mode}: two runs on one server, and one on three behind the balancer, have the same bodies`,
    async (t) => {
      const door = await openRecordingDoor()
      t.teardown(() => door.close())
      const told = { mode, ...(mode === 1 ? { clock: stepping } : {}) }
      const first = await run(t, door, told)
      t.ok(first.lines.length > 30, `${first.lines.length / 2} exchanges`)
      for (const [what, options] of [
        ['again', told],
        ['three servers', { ...told, ...three }],
      ] as const) {
        const other = await run(t, door, options)
        t.equal(difference(first, other), undefined, what)
        t.equal(other.digest, first.digest, what)
      }
    },
  )
}

t.test('another seed has other bytes, and after a reset the same ones come again', async (t) => {
  const door = await openRecordingDoor()
  t.teardown(() => door.close())
  const installation = await startInstallation({ seed, clock: at, mode: 1, publicUrl: door.url })
  t.teardown(() => installation.close())
  const [node] = installation.ready.clusters[0]?.nodes ?? []
  const again = async (): Promise<Run> => {
    door.leadTo(node?.url ?? '')
    await story(t, installation.url)
    return recorded(door)
  }
  const first = await again()
  const second = await again()
  t.not(second.digest, first.digest, 'a request that comes again has a certificate of its own')
  t.same(await installation.lab.reset().then(({ nodes }) => nodes.map(({ reached }) => reached)), [true])
  t.equal(difference(first, await again()), undefined)
  const other = await run(t, door, { seed: 'another one', mode: 1 })
  t.not(other.digest, first.digest)
})

t.test('a licensing-only cluster of three servers says what one says, whoever of them asked the root', async (t) => {
  const doors = [await openRecordingDoor(), await openRecordingDoor()] as const
  t.teardown(() => Promise.all(doors.map((door) => door.close())))
  const [alone, together] = [await licensingRun(t, doors, 1), await licensingRun(t, doors, 3)]
  t.ok(alone.lines.length > 20)
  t.equal(difference(alone, together), undefined)
})

/** Bodies of the licensing-only cluster, with so many servers of each of the two clusters. */
async function licensingRun(
  t: Test,
  [rootDoor, door]: readonly [RecordingDoor, RecordingDoor],
  count: number,
): Promise<Run> {
  const database = join(t.testdir(), 'rms.sqlite')
  const beginning = { seed: String(seed), clock: { mode: 'frozen', at } } as const
  const seeding = {
    begin: (store: Store) => beginSeedAndClock(store, beginning, keyPassword),
    cluster: async () => undefined,
  }
  const nodes: RunningNode[] = []
  const start = async (options: Partial<NodeOptions>): Promise<RunningNode> => {
    const node = await startNode({ database, keyPassword, mode: 1, ...options })
    nodes.push(node)
    return node
  }
  try {
    const { store, url: rootUrl } = await start({ publicUrl: rootDoor.url, seeding })
    for (let id = 2; id <= count; id++) await start({ provision: false, nodeId: `root-${id}` })
    const effects = { clock: await forestClock(store.lab, systemClock), random: systemRandom }
    const draws = await drawsOf(store.randomSeed, effects)
    await provisionLicensing(store, { name: 'legal', baseUrl: `${door.url}/_wmcs`, keyPassword }, { ...effects, draws })
    for (let id = 1; id <= count; id++)
      await start({ cluster: 'legal', provision: false, nodeId: `legal-${id}`, rootUrl })
    const urlsOf = (cluster: string): readonly string[] =>
      nodes.filter((node) => node.cluster === cluster).map(({ url }) => url)
    rootDoor.leadTo(...urlsOf('root'))
    door.leadTo(...urlsOf('legal'))
    const as = (user: string): RmsClient =>
      connect({ url: door.url, user: `${user}@contoso.test`, password, clock, random: seededRandom(seed, user) })
    const [alice, bob] = [as('alice'), as('bob')]
    const rights = [{ to: 'bob@contoso.test', rights: ['VIEW'] }]
    const applicationData = [{ name: 'Allow_Server_Editing', value: 'True' }]
    const { text } = await alice.publish({ rights, applicationData, referral: 'alice@contoso.test' })
    const mails = ['bob@contoso.test', 'carol@contoso.test', 'bob@contoso.test']
    for (let time = 0; time < 4; time++) t.ok((await alice.acquirePreLicense(text, mails))[0]?.license)
    const service = connect({
      url: door.url,
      user: String.raw`CONTOSO\rms-service`,
      password,
      clock,
      random: seededRandom(seed, 'service'),
    })
    const edited = await service.republish(text, { rights: [{ to: 'carol@contoso.test', rights: ['VIEW', 'PRINT'] }] })
    t.ok(edited.text)
    t.ok(await bob.open(await bob.acquireLicense(text)))
    return recorded(door)
  } finally {
    for (const node of nodes.toReversed()) await node.close()
  }
}

t.test('an installation that is kept goes on with its seed, and with no other', async (t) => {
  const data = t.testdir()
  const certified = async (options: InstallationOptions): Promise<string> => {
    const installation = await startInstallation({ data, mode: 1, ...options })
    try {
      t.same(installation.ready.seed, { seed: '42', of: 'everything' })
      const status = (await (await fetch(`${installation.manage}/status`)).json()) as { readonly seed: object }
      t.same(status.seed, installation.ready.seed)
      t.same((await installation.lab.read()).seed, installation.ready.seed)
      const alice = connect({ url: installation.url, user: 'alice@contoso.test', password, clock, mode: 1 })
      return (await alice.certify()).rac.document.text
    } finally {
      await installation.close()
    }
  }
  const first = await certified({ seed, clock: at })
  t.not(await certified({}), first, 'the second certificate is the second one, also after a start')
  t.not(await certified({ seed: '42', clock: '2026-02-01T00:00:00Z' }), first)
  const again = await startInstallation({ data, clock: '2026-02-01T00:00:00Z' })
  await again.lab.clock.put({ mode: 'real' })
  await again.lab.reset()
  t.match(await again.lab.clock.read(), { mode: 'frozen', at: '2026-02-01T00:00:00Z' }, 'that of this start')
  await again.close()
  await t.rejects(startInstallation({ data, seed: 43 }), {
    status: 409,
    message: /made from the seed 42, and 43 is/,
  })
})

t.test('a server without a lab makes of the seed what one with a lab makes of it', async (t) => {
  const folder = t.testdir()
  const made = async (lab: boolean): Promise<readonly unknown[]> => {
    const data = join(folder, String(lab))
    await (await startInstallation({ data, mode: 1, seed, clock: at })).close()
    const installation = await startInstallation({ data, lab, token: 'secret' })
    try {
      const { key, rac } = await connect({
        url: installation.url,
        user: 'alice@contoso.test',
        password,
        mode: 1,
        ...(lab ? { clock } : {}),
      }).certify()
      const account = await fetch(`${installation.manage}/directory/accounts`, {
        method: 'POST',
        headers: { authorization: 'Bearer secret', 'content-type': 'application/json' },
        body: JSON.stringify({ name: String.raw`CONTOSO\dave`, mail: 'dave@contoso.test', password }),
      })
      const { sid } = (await account.json()) as { readonly sid?: string }
      t.equal(account.status, 201)
      return [key.publicKey.modulus, glanceAt(rac.document.text).id, sid]
    } finally {
      await installation.close()
    }
  }
  t.same(await made(false), await made(true))
})

t.test('what administrators make follows from the order in which they make it', async (t) => {
  const made = async (): Promise<readonly unknown[]> => {
    const installation = await startInstallation({ seed, clock: at, mode: 1, publicUrl: 'http://rms.contoso.test' })
    const { lab } = installation
    const template = {
      texts: [{ lcid: 1033, name: 'N', description: 'D' }],
      grants: [{ to: 'ANYONE', rights: ['VIEW'] }],
    }
    try {
      const account = await lab.accounts.add({ name: 'dave', mail: 'dave@contoso.test' })
      const { guid } = await lab.templates.add(template)
      await lab.snapshots.take('after')
      const license = await lab.issue({ kind: 'ul', account: 'bob', owner: 'alice' })
      const wrong = await lab.issue({ kind: 'rac', account: 'bob', wrong: 'other-root' })
      await lab.snapshots.restore('after')
      t.not((await lab.templates.add(template)).guid, guid, 'what is drawn again is not taken again')
      t.equal((await lab.issue({ kind: 'ul', account: 'bob', owner: 'alice' })).chain, license.chain)
      return [account.sid, guid, license.chain, wrong.chain]
    } finally {
      await installation.close()
    }
  }
  t.same(await made(), await made())
})

t.test('without a seed one is drawn, for what faults leave to chance alone', async (t) => {
  const data = t.testdir()
  const fault = { effect: { http: 503 }, when: { chance: 0.5 } } as const
  const seedsOf = async (options: InstallationOptions): Promise<readonly number[]> => {
    const installation = await startInstallation({ mode: 1, ...options })
    try {
      const names = ['one', 'other']
      const put = []
      for (const name of names) put.push((await installation.lab.faults.put(name, fault)).seed)
      drawn = installation.ready.seed
      return put
    } finally {
      await installation.close()
    }
  }
  let drawn: StoredSeed | undefined
  const first = await seedsOf({ data })
  const { seed: number = '', of } = drawn ?? {}
  t.equal(of, 'faults')
  t.match(number, /^\d{1,10}$/)
  t.not(first[0], first[1])
  t.same(await seedsOf({ data }), first, 'it is kept')
  t.same(await seedsOf({ seed: number }), first, 'and can be given')
  t.same(drawn, { seed: number, of: 'everything' })
  await t.rejects(startInstallation({ data, seed: number }), { message: /made without a seed/ })
})

t.test('seeds and clocks that cannot be are told before anything starts', async (t) => {
  for (const [options, message] of [
    [{ seed: -1 }, /The option seed of startInstallation is -1: it must be a whole number from 0/],
    [{ seed: '' }, /it must have 1 to 128 characters/],
    [{ seed: 1, lab: false }, /a seed is given/],
    [{ clock: at, lab: false }, /a clock is given/],
    [{ clock: 'yesterday' }, /"yesterday"\. Write one as 2026-01-01T00:00:00Z/],
    [{ clock: '2026-01-01T00:00:00Z/PT0S' }, /no time at all/],
    [{ seed: 1, seedFile: { seed: 2 } }, /says that the seed is 2, and --seed \(the option seed\) says 1/],
    [{ clock: at, seedFile: { clock: { mode: 'real' } } }, /sets the clock, and so does --clock/],
    [{ seedFile: { seed: '042' } }, /seed: "042" is no seed: it must be a whole number/],
    [{ seedFile: { seed: -1 } }, /seed is -1: it must be a whole number from 0 on, or a text of 1 to 128 characters/],
  ] as const satisfies readonly (readonly [InstallationOptions, RegExp])[])
    await t.rejects(startInstallation(options), { message }, JSON.stringify(options))
})

t.test('a clock in one word, and a seed in the seed file', async (t) => {
  const file = { seed: 42 }
  const installation = await startInstallation({ seedFile: file, clock: '2026-01-01T00:00:00Z/PT1S', mode: 1 })
  t.teardown(() => installation.close())
  t.match(await installation.lab.clock.read(), { mode: 'step', at, by: 'PT1S' })
  t.same(installation.ready.seed, { seed: '42', of: 'everything' })
  t.equal((await installation.lab.export()).seedFile.seed, '42')
})
