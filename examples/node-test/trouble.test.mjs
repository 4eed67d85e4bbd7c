// A client is tested against RMS with node:test. Two files run side by side, each with an installation of its own.
// Run: node --test examples/node-test/*.test.mjs
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { connect, readyMachine, startInstallation } from 'rms-emulator'

let installation
let alice
let bob

before(async () => {
  installation = await startInstallation()
  const at = (user) =>
    connect({ url: installation.url, user, password: 'Passw0rd!', machine: readyMachine('alice-pc-mode2') })
  alice = at('alice@contoso.test')
  bob = at('bob@contoso.test')
})
after(() => installation.close())

// Every test begins as the first one did, and with an empty journal.
afterEach(async () => {
  await installation.lab.reset()
  await installation.lab.journal.clear()
})

const forBob = { rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] }

test('while the other file lets a template be gone, all is well here', async () => {
  const file = await alice.protectFile(Buffer.from('hello'), '.txt', forBob)
  assert.equal((await bob.openFile(file)).plain.toString(), 'hello')
})

test('a busy server is busy here alone', async () => {
  const file = await alice.protectFile(Buffer.from('hello'), '.txt', forBob)
  await installation.lab.faults.put('busy', { match: { operation: 'AcquireLicense' }, effect: { http: 503 } })
  await assert.rejects(bob.openFile(file), /503/)
})

test('a license that has expired is made by hand, and seen as such', async () => {
  const { chain } = await installation.lab.issue({ kind: 'ul', account: 'bob', wrong: 'expired' })
  const { firstProblem } = await installation.lab.explain(Buffer.from(chain))
  assert.equal(firstProblem.check, 'validity')
})
