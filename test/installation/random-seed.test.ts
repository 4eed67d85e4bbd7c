/** A seed and a clock: the same requests in the same order are answered with the same bytes, by one server or by three behind their balancer. */
import t, { type Test } from 'tap'
import { connect, connectRest, seededRandom, startInstallation, type RmsClient } from '../../src/index.js'
import type { CryptoMode } from '../../src/crypto/modes.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import type { InstallationOptions } from '../../src/installation/installation-options.js'
import { openRecordingDoor, type RecordingDoor } from './recording-door.js'

const at = '2026-01-01T00:00:00Z'
const clock = { now: () => new Date(at), monotonic: () => 0 }
const seed = 42
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
    return { digest: door.digest(), lines: door.transcript() }
  } finally {
    await installation.close()
  }
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
      const first = await run(t, door, { mode })
      t.ok(first.lines.length > 30, `${first.lines.length / 2} exchanges`)
      for (const [what, options] of [
        ['again', { mode }],
        ['three servers', { mode, ...three }],
      ] as const) {
        const other = await run(t, door, options)
        t.equal(difference(first, other), undefined, what)
        t.equal(other.digest, first.digest, what)
      }
    },
  )
}
