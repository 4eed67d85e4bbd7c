/** A small campaign of the hostile run in every test run, and proof that its judge can say no. */
import { createHash } from 'node:crypto'
import t from 'tap'
import { connect, readyMachine } from '../../src/client/index.js'
import { seedPassword } from '../../src/directory/seed.js'
import { startNode } from '../../src/node/start.js'
import { openConnection } from '../conformance/raw-http.js'
import { control, makeAttack, type Attack } from './attacks.js'
import { runCampaign } from './campaign.js'
import { objection, surfaceOf, type Rules } from './judge.js'
import { prepareMaterial } from './material.js'

// On a busy machine this takes longer than the 30 s that tap gives a file run by itself
t.setTimeout(900_000)

t.test('2,000 hostile requests: no crash, no hang, no undeserved license, and the node serves on', async (t) => {
  const result = await runCampaign({ requests: 2000, seed: 20, connections: 8 })
  t.same(result.violations, [])
  t.equal(result.violationCount, 0)
  const outcomes = Object.values(result.kinds).map(({ outcomes }) => outcomes)
  const sum = (name: 'served' | 'fault' | '4xx'): number => outcomes.reduce((total, each) => total + each[name], 0)
  for (const name of ['served', 'fault', '4xx'] as const) t.ok(sum(name) > 50, `${sum(name)} times ${name}`)
  t.ok(Object.keys(result.kinds).length > 30, 'every kind of attack had its turn')
  t.ok(result.memory.withinBounds, JSON.stringify(result.memory))
})

t.test('the judge refuses what must not be, and the same seed makes the same attacks', async (t) => {
  const node = await startNode()
  t.teardown(() => node.close())
  const material = await prepareMaterial(node.baseUrl)
  /** Digest of 200 of them. */
  const attacks = (seed: number): string => {
    const hash = createHash('sha256')
    for (let index = 0; index < 200; index++) {
      const { kind, bytes } = makeAttack(seed, index, material)
      hash.update(`${kind} ${bytes.length} `).update(bytes)
    }
    return hash.digest('hex')
  }
  t.equal(attacks(7), attacks(7))
  t.not(attacks(7), attacks(8))

  const base = material.bases.find(({ operation, user }) => operation === 'AcquireLicense' && user.endsWith('bob'))
  if (base === undefined) throw new Error('bob asks for no license')
  const bobs = control(base)
  const connection = await openConnection(node.baseUrl)
  connection.send(bobs.bytes)
  const license = await connection.answer()
  connection.close()
  const slc = (
    await connect({
      url: node.baseUrl,
      user: 'CONTOSO\\bob',
      password: seedPassword,
      machine: readyMachine('bob-pc-mode2'),
    }).serverCertificate()
  )[0]
  const rules: Rules = {
    allowed: new Map(),
    accountKeys: material.accountKeys,
    machineIds: material.machineIds,
    knownBodies: new Set(material.documents.flatMap(surfaceOf)),
    issuerKey: slc?.body.issuedPrincipal?.publicKey?.modulus ?? '',
  }
  const answer = { version: 'HTTP/1.1', status: 500, headers: {}, body: 'oops' }
  const judged = (attack: Attack, body: Partial<typeof answer>): string | undefined =>
    objection(attack, { ...answer, ...body }, rules)
  t.match(objection(bobs, license, rules), /account without rights/)
  t.match(objection({ ...bobs, user: undefined }, license, rules), /without credentials/)
  const changed = { ...bobs, bytes: Buffer.from(bobs.bytes.toString().replace('<ISSUEDTIME>2', '<ISSUEDTIME>1')) }
  t.match(objection(changed, license, rules), /although a signed document was changed/)
  t.match(objection(bobs, license, { ...rules, issuerKey: 'x' }), /did not issue/)
  t.match(judged(bobs, {}), /without a SOAP fault/)
  t.match(judged(bobs, { status: 502 }), /HTTP 502/)
  t.match(judged(bobs, { status: 200 }), /no SOAP message/)
  t.equal(judged(bobs, { status: 400 }), undefined)
})
