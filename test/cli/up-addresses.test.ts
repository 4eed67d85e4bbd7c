/** `up`: where it listens, whom it admits, and what it was started with. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { ConfigReading } from '../../src/administration/lab/config.js'
import { certify, getClientLicensorCert, readyMachine, type CallFailed } from '../../src/client/index.js'
import { answers, run, startUp } from './command.js'
import { freePort, signedInAs } from './up-clients.js'

t.setTimeout(900_000)

t.test('addresses, limits and access lists', async (t) => {
  const folder = t.testdir()
  const db = join(folder, 'deep', 'own.sqlite')
  const flags = [
    '--host',
    '0.0.0.0',
    '--public-url',
    'http://rms.contoso.test:8080/_wmcs/',
    '--body-limit',
    '20000',
    '--db',
    db,
    '--log-xrml',
  ]
  const port = await freePort()
  const server = await startUp([
    ...flags,
    '--port',
    String(port),
    '--manage-port',
    '0',
    '--admit',
    'certification=legal@contoso.test',
    '--admit',
    'publish=ANONYMOUS',
    '--oauth-client',
    'com.contoso.app=com.contoso.app://authorize',
    '--oauth-client',
    'com.contoso.app=https://client.test.app?a=b',
  ])
  t.teardown(async () => void (await server.stop()))
  const own = `http://127.0.0.1:${port}`
  t.equal(server.url, 'http://rms.contoso.test:8080/_wmcs')
  const bob = await certify(signedInAs('bob'), `${own}/_wmcs/certification`, readyMachine('bob-pc-mode2'))
  t.ok(bob, '--admit: bob is in legal')
  const { clc } = await getClientLicensorCert(
    { ...signedInAs('bob'), credentials: undefined },
    `${own}/_wmcs/licensing`,
    bob,
  )
  t.equal(clc.licensingUrl, 'http://rms.contoso.test:8080/_wmcs/licensing', '--public-url stands in issued documents')
  for (const address of ['com.contoso.app://authorize', 'https://client.test.app?a=b']) {
    const query = new URLSearchParams({ response_type: 'code', client_id: 'com.contoso.app', redirect_uri: address })
    t.equal((await fetch(`${own}/adfs/oauth2/authorize?${query.toString()}`)).status, 200, '--oauth-client')
  }
  const post = (size: number): Promise<Response> =>
    fetch(`${own}/_wmcs/licensing/publish.asmx`, {
      method: 'POST',
      headers: { 'content-type': 'text/xml' },
      body: 'x'.repeat(size),
    })
  t.equal((await post(20_001)).status, 413, '--body-limit')
  t.not((await post(2_000)).status, 413)
  const alice = certify(signedInAs('alice'), `${own}/_wmcs/certification`, readyMachine('alice-pc-mode2'))
  await t.rejects(alice, { status: 401 } as Partial<CallFailed> & Error, '--admit: alice is not')
  t.ok(readdirSync(join(folder, 'deep')).includes('own.sqlite'), '--db')
  t.ok(await answers(`http://127.0.0.2:${port}/healthz`), '--host')
  const config = await run(['lab', 'config', '--json', '--manage', server.ready.manage], {
    environment: { RMS_TOKEN: server.ready.token ?? '' },
  })
  const { by, settings, servers } = JSON.parse(config.stdout) as ConfigReading
  t.same([by, servers], ['up', []])
  const shown = settings.map(({ name, value, from }) => [name, value, from].join(' '))
  for (const setting of [`port ${port} --port`, 'host 0.0.0.0 --host', 'db (hidden) --db', 'profile 2016 default'])
    t.ok(shown.includes(setting), setting)
})
