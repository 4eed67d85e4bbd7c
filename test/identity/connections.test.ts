/** Who is signed in on which connection: dialogues, their bounds, and identities that stay where they belong. */
import { randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import t from 'tap'
import { openStore } from '../../src/cluster/store/open.js'
import { seedDirectory, seedPassword } from '../../src/directory/seed.js'
import {
  signedInConnections,
  type DialogueLimits,
  type Outcome,
  type SignedInConnections,
  type Speaker,
} from '../../src/identity/connections.js'
import {
  challengesOf,
  readCredentials,
  schemesOf,
  whyUnusable,
  type ConnectionScheme,
} from '../../src/identity/schemes.js'
import { authenticate, negotiate, ntlmAccount } from '../../src/ntlm/client.js'
import { parseAuthenticate } from '../../src/ntlm/messages.js'
import { exportedKey, sessionKeyV2, signatureOf } from '../../src/ntlm/session.js'
import { ntHash, ntlmV2Key } from '../../src/ntlm/responses.js'
import { der, tags } from '../../src/ntlm/der.js'
import { buildInitial, buildResponse, mechanismListOf, mechanisms, parseSpnego } from '../../src/ntlm/spnego.js'

const store = await openStore(':memory:')
t.teardown(() => store.close())
await store.directory.fillIfEmpty(seedDirectory)

const now = new Date('2026-11-27T12:00:00Z')
const inputs = { now, random: (length: number) => randomBytes(length) }
let time = 0
const client: Speaker = { kind: 'client' }

const open = (limits: Partial<DialogueLimits> = {}): SignedInConnections =>
  signedInConnections(
    {
      clock: { now: () => now, monotonic: () => time },
      draw: () => ({ bytes: (length) => randomBytes(length) }),
      level: 'v2',
      computer: 'root-1',
    },
    { dialogues: 100, longestDialogue: 1000, ...limits },
  )

/** The token of an answer that goes on. */
function tokenOf(outcome: Outcome): Buffer {
  return outcome.kind === 'refused' ? Buffer.alloc(0) : Buffer.from(outcome.challenge?.split(' ')[1] ?? '', 'base64')
}

interface Talk {
  readonly user?: string
  readonly password?: string
  readonly scheme?: ConnectionScheme
  readonly speaker?: Speaker
}

const begin = async (
  connections: SignedInConnections,
  connection: EventEmitter,
  { scheme = 'ntlm', speaker = client }: Talk = {},
) => {
  const first = negotiate()
  const outcome = await connections.receive(connection, speaker, { scheme, token: first }, store.directory)
  return { first, second: tokenOf(outcome), outcome }
}

async function signIn(connections: SignedInConnections, connection: EventEmitter, talk: Talk = {}): Promise<Outcome> {
  const { user = 'CONTOSO\\alice', password = seedPassword, scheme = 'ntlm', speaker = client } = talk
  const { first, second } = await begin(connections, connection, talk)
  const token = authenticate(first, second, ntlmAccount(user, password), inputs)
  return connections.receive(connection, speaker, { scheme, token }, store.directory)
}

const nameOf = (connections: SignedInConnections, connection: EventEmitter, speaker: Speaker = client) =>
  connections.callerOf(connection, speaker)?.account?.name

t.test('an account may be written in every way that Windows takes', async (t) => {
  for (const user of [
    'CONTOSO\\alice',
    'contoso\\ALICE',
    'contoso.test\\alice',
    'alice@contoso.test',
    'alice',
    'alice.a@contoso.test',
  ]) {
    const [connections, connection] = [open(), new EventEmitter()]
    t.match(
      await signIn(connections, connection, { user }),
      { kind: 'signed in', caller: { authenticationType: 'NTLM', account: { name: 'CONTOSO\\alice' } } },
      user,
    )
    t.equal(nameOf(connections, connection), 'CONTOSO\\alice')
    t.equal(connections.callerOf(connection, client)?.account?.sid, seedDirectory.accounts[0]?.sid)
  }
})

t.test('nobody comes in with a wrong password, an unknown or disabled name, or none', async (t) => {
  const connections = open()
  const mallory = (await store.directory.accountByName('mallory'))?.sid ?? ''
  await store.directory.changeAccount(mallory, { enabled: false })
  for (const [user, password] of [
    ['CONTOSO\\alice', 'passw0rd!'],
    ['CONTOSO\\alice', ''],
    ['CONTOSO\\nobody', ''],
    ['OTHER\\alice', seedPassword],
    ['', ''],
    ['CONTOSO\\mallory', seedPassword],
    [`CONTOSO\\${'a'.repeat(3000)}`, ''],
  ] as const) {
    const connection = new EventEmitter()
    t.match(await signIn(connections, connection, { user, password }), { kind: 'refused' }, user.slice(0, 30))
    t.equal(nameOf(connections, connection), undefined)
  }
  await store.directory.changeAccount(mallory, { enabled: true })
})

t.test('a challenge is answered once, on its connection, by its speaker, in its scheme, in time', async (t) => {
  const connections = open()
  const [here, there] = [new EventEmitter(), new EventEmitter()]
  const alice = ntlmAccount('alice', seedPassword)
  const refused = { kind: 'refused', why: 'no challenge waits for an answer on this connection' }
  const challenge = async () => {
    const { first, second } = await begin(connections, here)
    return { scheme: 'ntlm', token: authenticate(first, second, alice, inputs) } as const
  }
  let answer = await challenge()
  t.match(await connections.receive(there, client, answer, store.directory), refused, 'another connection')
  t.match(await connections.receive(here, client, answer, store.directory), { kind: 'signed in' })
  t.match(await connections.receive(here, client, answer, store.directory), refused, 'the same message once more')
  t.equal(nameOf(connections, here), undefined, 'which ends what was')
  await begin(connections, here)
  t.match(
    await connections.receive(here, client, answer, store.directory),
    { kind: 'refused', why: 'wrong password' },
    'it is the answer to another challenge',
  )

  answer = await challenge()
  t.match(
    await connections.receive(here, client, { ...answer, scheme: 'negotiate' }, store.directory),
    refused,
    'another scheme',
  )
  answer = await challenge()
  t.match(
    await connections.receive(here, { kind: 'behind balancer', connection: 'x' }, answer, store.directory),
    refused,
    'another speaker',
  )
  answer = await challenge()
  time += 1001
  t.match(await connections.receive(here, client, answer, store.directory), refused, 'too late')
  const [one, two] = [await challenge(), await challenge()]
  t.match(
    await connections.receive(here, client, one, store.directory),
    { kind: 'refused' },
    'only the last challenge counts',
  )
  t.match(await connections.receive(here, client, two, store.directory), refused)
})

t.test('two answers at the same time to one challenge: one counts', async (t) => {
  const [connections, connection] = [open(), new EventEmitter()]
  const { first, second } = await begin(connections, connection)
  const credentials = {
    scheme: 'ntlm',
    token: authenticate(first, second, ntlmAccount('alice', seedPassword), inputs),
  } as const
  const outcomes = await Promise.all([
    connections.receive(connection, client, credentials, store.directory),
    connections.receive(connection, client, credentials, store.directory),
  ])
  t.same(outcomes.map(({ kind }) => kind).toSorted(), ['refused', 'signed in'])
})

t.test('an identity belongs to the client behind the balancer, not to the balancer’s connection', async (t) => {
  const [connections, shared] = [open(), new EventEmitter()]
  const [alice, bob]: readonly Speaker[] = [
    { kind: 'behind balancer', connection: 'b-1' },
    { kind: 'behind balancer', connection: 'b-2' },
  ] as const
  if (alice === undefined || bob === undefined) return
  await signIn(connections, shared, { speaker: alice })
  t.equal(nameOf(connections, shared, alice), 'CONTOSO\\alice')
  for (const other of [bob, client, { kind: 'behind proxy' }] as const)
    t.equal(nameOf(connections, shared, other), undefined)
  await signIn(connections, shared, { speaker: bob, user: 'CONTOSO\\bob' })
  t.equal(nameOf(connections, shared, bob), 'CONTOSO\\bob')
  t.equal(nameOf(connections, shared, alice), undefined)
})

t.test('behind a proxy that does not tell its clients apart, an identity lasts one request', async (t) => {
  const [connections, shared] = [open(), new EventEmitter()]
  const proxy: Speaker = { kind: 'behind proxy' }
  t.match(await signIn(connections, shared, { speaker: proxy }), {
    kind: 'signed in',
    caller: { account: { name: 'CONTOSO\\alice' } },
  })
  for (const speaker of [proxy, client]) t.equal(nameOf(connections, shared, speaker), undefined)
})

t.test('a new dialogue ends the old identity at once', async (t) => {
  const [connections, connection] = [open(), new EventEmitter()]
  await signIn(connections, connection)
  await begin(connections, connection)
  t.equal(nameOf(connections, connection), undefined)
  await signIn(connections, connection, { user: 'CONTOSO\\bob' })
  t.equal(nameOf(connections, connection), 'CONTOSO\\bob')
})

t.test('dialogues that wait are bounded in number, and end with their connection', async (t) => {
  const connections = open({ dialogues: 3 })
  const all = Array.from({ length: 5 }, () => new EventEmitter())
  for (const connection of all) await begin(connections, connection)
  t.equal(connections.waiting(), 3)
  for (const connection of all) connection.emit('close')
  t.equal(connections.waiting(), 0)
  const busy = new EventEmitter()
  for (const _ of Array.from({ length: 50 })) await begin(connections, busy)
  t.equal(busy.listenerCount('close'), 1, 'one listener for any number of dialogues')
  time += 1001
  await begin(connections, new EventEmitter())
  t.equal(connections.waiting(), 1, 'those whose time is over are forgotten')
})

t.test('Negotiate: SPNEGO with NTLM inside', async (t) => {
  const receive = (connections: SignedInConnections, connection: EventEmitter, token: Buffer) =>
    connections.receive(connection, client, { scheme: 'negotiate', token }, store.directory)
  const answerTo = (outcome: Outcome, first: Buffer) => {
    const { token: second } = parseSpnego(tokenOf(outcome))
    return authenticate(first, second ?? Buffer.alloc(0), ntlmAccount('alice', seedPassword), inputs)
  }

  await t.test('NTLM as the first mechanism', async (t) => {
    const [connections, connection, first] = [open(), new EventEmitter(), negotiate()]
    const challenge = await receive(connections, connection, buildInitial([mechanisms.ntlm], first))
    t.match(parseSpnego(tokenOf(challenge)), { kind: 'response', state: 'incomplete', mechanism: mechanisms.ntlm })
    const done = await receive(connections, connection, buildResponse({ token: answerTo(challenge, first) }))
    t.match(done, {
      kind: 'signed in',
      caller: { authenticationType: 'Negotiate', account: { name: 'CONTOSO\\alice' } },
    })
    t.match(parseSpnego(tokenOf(done)), { state: 'completed', token: undefined, checksum: undefined })
  })

  await t.test('Kerberos first, with a token for it: the client is asked for NTLM', async (t) => {
    const [connections, connection, first] = [open(), new EventEmitter(), negotiate()]
    const list = [mechanisms.kerberosOfWindows, mechanisms.kerberos, mechanisms.ntlm]
    for (const length of [8, 200, 9300, 48_000, 70_000]) {
      const chosen = await receive(connections, connection, buildInitial(list, Buffer.alloc(length, 'ticket')))
      t.match(
        parseSpnego(tokenOf(chosen)),
        { state: 'incomplete', mechanism: mechanisms.ntlm, token: undefined },
        `${length}`,
      )
    }
    const challenge = await receive(connections, connection, buildResponse({ token: first }))
    t.match(await receive(connections, connection, buildResponse({ token: answerTo(challenge, first) })), {
      kind: 'signed in',
    })
  })

  await t.test('a checksum over the mechanisms is verified, and answered by one', async (t) => {
    for (const isRight of [true, false]) {
      const [connections, connection, first] = [open(), new EventEmitter(), negotiate()]
      const list = [mechanisms.ntlm, mechanisms.kerberos]
      const challenge = await receive(connections, connection, buildInitial(list, first))
      const third = answerTo(challenge, first)
      const message = parseAuthenticate(third)
      const key = exportedKey(
        sessionKeyV2(ntlmV2Key(ntHash(seedPassword), 'alice', ''), message.ntResponse.subarray(0, 16)),
        message,
      )
      const covered = mechanismListOf(isRight ? list : [mechanisms.ntlm])
      const done = await receive(
        connections,
        connection,
        buildResponse({ token: third, checksum: signatureOf(covered, key, message.flags, 'client-to-server') }),
      )
      t.equal(done.kind, isRight ? 'signed in' : 'refused')
      if (isRight)
        t.same(parseSpnego(tokenOf(done)), {
          kind: 'response',
          state: 'completed',
          mechanism: undefined,
          token: undefined,
          checksum: signatureOf(mechanismListOf(list), key, message.flags, 'server-to-client'),
        })
      t.equal(nameOf(connections, connection), isRight ? 'CONTOSO\\alice' : undefined)
    }
  })

  await t.test('NTLM as it is, inside Negotiate, is answered as it is', async (t) => {
    const [connections, connection] = [open(), new EventEmitter()]
    t.match(await signIn(connections, connection, { scheme: 'negotiate' }), {
      kind: 'signed in',
      caller: { authenticationType: 'Negotiate' },
      challenge: undefined,
    })
  })

  await t.test('what cannot be', async (t) => {
    const [connections, connection] = [open(), new EventEmitter()]
    t.match(
      await receive(connections, connection, buildInitial([mechanisms.kerberos], Buffer.from('a ticket'))),
      { kind: 'refused', why: /does not speak NTLM/ },
      'Kerberos alone',
    )
    for (const mechanism of [mechanisms.kerberos, mechanisms.kerberosOfWindows])
      t.match(
        await receive(
          connections,
          connection,
          der(tags.application, der(tags.oid, mechanism), Buffer.from('\x01\x00n\x82\xff\xffa ticket', 'latin1')),
        ),
        { kind: 'refused', why: 'the client speaks Kerberos and offers nothing else' },
        'Kerberos as it is',
      )
    const first = negotiate()
    const challenge = await receive(connections, connection, buildInitial([mechanisms.ntlm], first))
    const long = Buffer.concat([answerTo(challenge, first), Buffer.alloc(12 * 1024)])
    t.match(
      await receive(connections, connection, buildResponse({ token: long })),
      { kind: 'refused', why: /malformed: it has more than 12288 bytes/ },
      'a message of NTLM of any length',
    )
    t.match(
      await receive(connections, connection, buildResponse({ token: negotiate() })),
      { kind: 'refused' },
      'an answer without a beginning',
    )
    t.match(
      await connections.receive(
        connection,
        client,
        { scheme: 'ntlm', token: buildInitial([mechanisms.ntlm], negotiate()) },
        store.directory,
      ),
      { kind: 'refused' },
      'SPNEGO inside NTLM',
    )
  })
})

t.test('headers: what is offered in which order, what is read', async (t) => {
  t.match(challengesOf(['basic', 'ntlm', 'negotiate']), ['Negotiate', 'NTLM', /^Basic /])
  t.same(challengesOf(['ntlm']), ['NTLM'])
  t.same(schemesOf('basic,negotiate'), ['negotiate', 'basic'])
  t.same(readCredentials('nTlM  AAAA '), { scheme: 'ntlm', token: Buffer.alloc(3) })
  t.match(readCredentials('Negotiate AAA='), { scheme: 'negotiate' })
  for (const header of [
    '',
    'NTLM',
    'NTLM ',
    'Negotiate ***',
    'Basic AAAA',
    'Bearer AAAA',
    'NTLM AAAA AAAA',
    'NTLMAAAA',
  ])
    t.equal(readCredentials(header), undefined, header.slice(0, 20))
  t.equal(readCredentials(`Negotiate ${'A'.repeat(80_000)}`)?.token.length, 60_000, 'as long as a header may be')
  for (const [header, why] of [
    ['Basic eDp5', /wrong user name or password/],
    ['NTLM ***', /no token in base64/],
    ['Negotiate AAAA', /Negotiate is not offered/],
    ['Digest realm="x"', /"Digest" is not known/],
    ['', /"" is not known/],
  ] as const)
    t.match(whyUnusable(header, ['ntlm', 'basic']), why)
})
