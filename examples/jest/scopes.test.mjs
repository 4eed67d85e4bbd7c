// Suites that share one installation are tested with Jest: each has a scope of its own.
// rms-emulator is an ES module. Run: NODE_OPTIONS=--experimental-vm-modules npx jest --rootDir examples/jest --testMatch '**/*.test.mjs'
import assert from 'node:assert/strict'
import { afterAll, beforeAll, test } from '@jest/globals'
import { connect, readyMachine, startInstallation } from 'rms-emulator'

let installation

beforeAll(async () => {
  installation = await startInstallation({ scopes: 2 })
})
afterAll(() => installation.close())

const forBob = { rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] }

// A forest of its own below /f/NAME of the one installation: what is set there is set for this suite alone.
async function suite(name) {
  const scope = await installation.scope(name)
  const at = (user) => connect({ url: scope.url, user, password: 'Passw0rd!', machine: readyMachine('alice-pc-mode2') })
  return { scope, alice: at('alice@contoso.test'), bob: at('bob@contoso.test') }
}

test('two suites run side by side, and one of them has a busy server', async () => {
  const [busy, idle] = await Promise.all([suite('busy'), suite('idle')])
  await busy.scope.lab.faults.put('busy', { match: { operation: 'AcquireLicense' }, effect: { http: 503 } })
  const open = async ({ alice, bob }) =>
    (await bob.openFile(await alice.protectFile(Buffer.from('hello'), '.txt', forBob))).plain.toString()
  const [refused, opened] = await Promise.allSettled([open(busy), open(idle)])
  assert.match(String(refused.reason), /503/)
  assert.equal(opened.value, 'hello')
  await Promise.all([busy.scope.close(), idle.scope.close()])
})
