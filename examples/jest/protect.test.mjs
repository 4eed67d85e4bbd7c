// A client is tested against RMS with Jest. Two files run side by side, each with an installation of its own.
// rms-emulator is an ES module. Run: NODE_OPTIONS=--experimental-vm-modules npx jest --rootDir examples/jest --testMatch '**/*.test.mjs'
import assert from 'node:assert/strict'
import { afterAll, afterEach, beforeAll, test } from '@jest/globals'
import { connect, readyMachine, startInstallation } from 'rms-emulator'

let installation
let alice
let bob

beforeAll(async () => {
  installation = await startInstallation()
  const at = (user) =>
    connect({ url: installation.url, user, password: 'Passw0rd!', machine: readyMachine('alice-pc-mode2') })
  alice = at('alice@contoso.test')
  bob = at('bob@contoso.test')
})
afterAll(() => installation.close())

// Every test begins as the first one did, and with an empty journal.
afterEach(async () => {
  await installation.lab.reset()
  await installation.lab.journal.clear()
})

const forBob = { rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] }

test('bob opens what alice protected for him', async () => {
  const file = await alice.protectFile(Buffer.from('hello'), '.txt', forBob)
  const { plain, rights } = await bob.openFile(file)
  assert.equal(plain.toString(), 'hello')
  assert.deepEqual(rights, ['VIEW'])
  await installation.lab.journal.verify({ operation: 'AcquireLicense' }, { exactly: 1 })
})

test('a template that is gone is told to the user, once', async () => {
  const file = await alice.protectFile(Buffer.from('hello'), '.txt', forBob)
  await installation.lab.faults.put('gone', { ready: 'template-deleted', when: { next: 1 } })
  await assert.rejects(bob.openFile(file), /InvalidOfficialRightsTemplate/)
  assert.equal((await bob.openFile(file)).plain.toString(), 'hello')
})

test('content has ended two days later, and the journal says why nobody gets it', async () => {
  const validUntil = new Date(Date.now() + 86_400_000)
  const { text } = await alice.publish({ ...forBob, validUntil })
  await installation.lab.clock.advance('P2D')
  await assert.rejects(bob.acquireLicense(text), /IssuanceLicenseIsNotWithinValidTimeRange/)
  const [entry] = await installation.lab.journal.waitFor({ operation: 'AcquireLicense', outcome: 'Failed' })
  assert.match(entry.decision[0].wanted, /./)
})
